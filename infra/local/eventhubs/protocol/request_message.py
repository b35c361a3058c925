"""A request to a node, and the reply to it, as AMQP messages."""

from infra.local.eventhubs.amqp.decode import decode
from infra.local.eventhubs.amqp.encode import encode
from infra.local.eventhubs.amqp.frames import Frame
from infra.local.eventhubs.amqp.messages import APPLICATION_PROPERTIES, PROPERTIES, VALUE, sections
from infra.local.eventhubs.amqp.values import Described, Int, Raw, Symbol


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


def reply(message_id: Raw, status: dict[object, object], body: object = None) -> bytes:
    """A reply with its application properties; without a body it holds an AMQP null."""
    properties = [None] * 5 + [message_id] + [None] * 7
    return b"".join(
        encode(Described(code, value))
        for code, value in ((PROPERTIES, properties), (APPLICATION_PROPERTIES, status), (VALUE, body))
    )


def success(code: int, description: str | None = None) -> dict[object, object]:
    """What a reply's application properties say when all is well."""
    told: dict[object, object] = {"status-code": Int(code)}
    return told if description is None else {**told, "status-description": description}


def failure(code: int, condition: str, description: str) -> dict[object, object]:
    """The same for a request that failed; clients look for the condition as a symbol."""
    return {**success(code, description), "error-condition": Symbol(condition)}
