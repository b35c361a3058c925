"""The request-reply nodes: requests come in on one link, replies go out on the matching one."""

from collections import deque

from infra.local.eventhubs.amqp.performatives import TransferEncoder
from infra.local.eventhubs.amqp.values import DecodeError
from infra.local.eventhubs.broker import Refused
from infra.local.eventhubs.protocol.cbs import put_token
from infra.local.eventhubs.protocol.link import Delivery, IncomingLink, OutgoingLink
from infra.local.eventhubs.protocol.management import read
from infra.local.eventhubs.protocol.peer import Channel
from infra.local.eventhubs.protocol.request_message import Request, failure, reply, success
from infra.local.eventhubs.protocol.tracking import tracked
from infra.local.eventhubs.tokens import Unauthorized

NODES = frozenset({"$cbs", "$management"})
_STATUS = {"amqp:not-found": 404, "amqp:unauthorized-access": 401, "com.microsoft:server-busy": 503}
_CREDIT = 100


class ReplyLink(OutgoingLink):
    """The peer's receiver on a node; replies wait here for credit."""

    def __init__(self, session: Channel, handle: int, node: str, reply_address: str, settled: bool) -> None:
        super().__init__(session, handle)
        self.node = node
        self.reply_address = reply_address
        self._settled = settled
        self._tag = 0
        self._replies: deque[bytes] = deque()

    def reply(self, message: bytes) -> None:
        """Send as soon as the peer allows."""
        self._replies.append(message)
        self.pump()

    def wake(self) -> None:
        self.pump()

    def pump(self) -> None:
        while self._replies and self.credit > 0 and self.session.room > 0 and not self.closed:
            self._tag += 1
            self.encoder = TransferEncoder(self.handle, self._settled, self._tag.to_bytes(4, "little"))
            self.deliver(self._replies.popleft())


class RequestLink(IncomingLink):
    """The peer's sender on a node."""

    def __init__(self, session: Channel, handle: int, node: str) -> None:
        super().__init__(session, handle, _CREDIT)
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
        try:
            return self._perform(request)
        except Unauthorized as refusal:
            status = failure(401, "amqp:unauthorized-access", tracked(str(refusal)))
        except Refused as refusal:
            code = _STATUS.get(refusal.condition, 400)
            status = failure(code, refusal.condition, tracked(refusal.description))
        return reply(request.message_id, status)

    def _perform(self, request: Request) -> bytes:
        connection = self.session.connection
        if self._node == "$cbs":
            put_token(connection, request)
            return reply(request.message_id, success(202, "Accepted"))
        body = read(connection, request)
        return reply(request.message_id, {"operation": "READ", **success(200)}, body)
