"""The request-reply nodes: requests come in on one link, replies go out on the matching one."""

from collections import deque

from infra.local.eventhubs.amqp.values import DecodeError
from infra.local.eventhubs.broker import Refused
from infra.local.eventhubs.protocol.cbs import put_token
from infra.local.eventhubs.protocol.link import Delivery, IncomingLink, OutgoingLink
from infra.local.eventhubs.protocol.management import read
from infra.local.eventhubs.protocol.peer import Channel
from infra.local.eventhubs.protocol.request_message import Request, reply
from infra.local.eventhubs.sas import Unauthorized

NODES = frozenset({"$cbs", "$management"})
_STATUS = {"amqp:not-found": 404, "com.microsoft:argument-out-of-range": 400}


class ReplyLink(OutgoingLink):
    """The peer's receiver on a node; replies wait here for credit."""

    def __init__(self, session: Channel, handle: int, node: str, reply_address: str) -> None:
        super().__init__(session, handle)
        self.node = node
        self.reply_address = reply_address
        self._replies: deque[bytes] = deque()

    def reply(self, message: bytes) -> None:
        """Send as soon as the peer allows."""
        self._replies.append(message)
        self.pump()

    def wake(self) -> None:
        self.pump()

    def pump(self) -> None:
        while self._replies and self.credit > 0 and self.session.room > 0 and not self.closed:
            self.deliver(self._replies.popleft())


class RequestLink(IncomingLink):
    """The peer's sender on a node."""

    full_credit = 100

    def __init__(self, session: Channel, handle: int, node: str) -> None:
        super().__init__(session, handle)
        self._node = node

    def on_delivery(self, delivery: Delivery) -> None:
        try:
            request = Request(delivery.payload)
        except DecodeError as error:
            self.reject(delivery, "amqp:decode-error", str(error))
            return
        link = self.session.reply_link(self._node, request.reply_to)
        if link is None:
            self.reject(delivery, "amqp:precondition-failed", f"no link to reply on is attached to '{self._node}'")
            return
        self.accept(delivery)
        link.reply(self._answer(request))

    def _answer(self, request: Request) -> bytes:
        connection = self.session.connection
        try:
            if self._node == "$cbs":
                put_token(connection, request)
                return reply(request.message_id, 200, "OK", None, None)
            return reply(request.message_id, 200, "OK", None, read(connection, request))
        except Unauthorized as refusal:
            return reply(request.message_id, 401, str(refusal), "amqp:unauthorized-access", None)
        except Refused as refusal:
            status = 401 if refusal.condition == "amqp:unauthorized-access" else _STATUS.get(refusal.condition, 400)
            return reply(request.message_id, status, refusal.description, refusal.condition, None)
