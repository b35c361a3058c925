"""The request-reply nodes: requests come in on one link, replies go out on the matching one."""

from collections import deque
from typing import TYPE_CHECKING

from infra.local.eventhubs.amqp.decode import decode
from infra.local.eventhubs.amqp.encode import encode
from infra.local.eventhubs.amqp.frames import Frame
from infra.local.eventhubs.amqp.messages import APPLICATION_PROPERTIES, PROPERTIES, VALUE, sections
from infra.local.eventhubs.amqp.values import DecodeError, Described, Int, Raw
from infra.local.eventhubs.broker import Refused
from infra.local.eventhubs.protocol.cbs import put_token
from infra.local.eventhubs.protocol.link import Delivery, IncomingLink, OutgoingLink
from infra.local.eventhubs.protocol.management import read
from infra.local.eventhubs.sas import Unauthorized

if TYPE_CHECKING:
    from infra.local.eventhubs.protocol.session import Session

NODES = frozenset({"$cbs", "$management"})
_STATUS = {"amqp:not-found": 404, "com.microsoft:argument-out-of-range": 400}


class Request:
    """A request: application properties and an AMQP value decoded, the message id as it came."""

    def __init__(self, payload: bytes) -> None:
        self.message_id = Raw(encode(None))
        self.reply_to: str | None = None
        self.properties: dict[object, object] = {}
        self.value: object = None
        for section in sections(payload):
            if section.code == PROPERTIES:
                fields = Frame(0, 0, payload, section.value_at).raw_fields(5)
                self.message_id = fields[0]
                reply_to = decode(fields[4])[0]
                self.reply_to = reply_to if isinstance(reply_to, str) else None
            elif section.code == APPLICATION_PROPERTIES:
                properties = decode(payload, section.value_at)[0]
                self.properties = properties if isinstance(properties, dict) else {}
            elif section.code == VALUE:
                self.value = decode(payload, section.value_at)[0]

    def text(self, name: str) -> str:
        """A text among the application properties, empty when it is missing."""
        value = self.properties.get(name)
        return value if isinstance(value, str) else ""


def _reply(message_id: Raw, status: int, description: str, condition: str | None, body: object) -> bytes:
    """Status names are written both ways, since SDKs read one or the other."""
    status_fields: dict[object, object] = {
        "status-code": Int(status),
        "status-description": description,
        "statusCode": Int(status),
        "statusDescription": description,
    }
    if condition is not None:
        status_fields["errorCondition"] = condition
    properties = [None] * 5 + [message_id] + [None] * 7
    return b"".join(
        encode(Described(code, value))
        for code, value in ((PROPERTIES, properties), (APPLICATION_PROPERTIES, status_fields), (VALUE, body))
    )


class ReplyLink(OutgoingLink):
    """The peer's receiver on a node; replies wait here for credit."""

    def __init__(self, session: "Session", handle: int, node: str, reply_address: str) -> None:
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

    def __init__(self, session: "Session", handle: int, node: str) -> None:
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
                return _reply(request.message_id, 200, "OK", None, None)
            return _reply(request.message_id, 200, "OK", None, read(connection, request))
        except Unauthorized as refusal:
            return _reply(request.message_id, 401, str(refusal), "amqp:unauthorized-access", None)
        except Refused as refusal:
            status = 401 if refusal.condition == "amqp:unauthorized-access" else _STATUS.get(refusal.condition, 400)
            return _reply(request.message_id, status, refusal.description, refusal.condition, None)
