"""Message sections: a producer's transfer is cut into events and events get annotations, without decoding bodies."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from infra.local.eventhubs.amqp.decode import decode, map_spans, value_end
from infra.local.eventhubs.amqp.encode import encode
from infra.local.eventhubs.amqp.values import Bytes, DecodeError, Described, Symbol

HEADER, DELIVERY_ANNOTATIONS, MESSAGE_ANNOTATIONS, PROPERTIES, APPLICATION_PROPERTIES, DATA = range(0x70, 0x76)
VALUE, FOOTER = 0x77, 0x78
BATCH_FORMAT = 0x80013700
_OURS = frozenset(
    {"x-opt-sequence-number", "x-opt-offset", "x-opt-enqueued-time", "x-opt-partition-key", "x-opt-publisher"}
)


class Section(NamedTuple):
    """Its descriptor, where it starts, where its value starts, and where it ends."""

    code: int
    start: int
    value_at: int
    end: int


def sections(message: Bytes) -> Iterator[Section]:
    """The sections of one message in the order they stand; raise `DecodeError` on anything else."""
    at, length = 0, len(message)
    while at < length:
        if message[at] != 0 or at + 3 > length:
            raise DecodeError(f"a message section was expected at byte {at}")
        if message[at + 1] == 0x53:
            code: object = message[at + 2]
            value_at = at + 3
        else:
            code, value_at = decode(message, at + 1)
        if not isinstance(code, int) or not HEADER <= code <= FOOTER:
            raise DecodeError(f"unknown message section {code!r}")
        end = value_end(message, value_at)
        yield Section(code, at, value_at, end)
        at = end


class Event(NamedTuple):
    """One event as its producer encoded it, cut where the annotations go: views of the delivery, no copies."""

    header: Bytes
    annotations: list[Bytes]  # key and value of each annotation that is not the server's own, still encoded
    rest: Bytes  # properties, application properties, body, footer
    partition_key: str | None


def parse_event(message: Bytes) -> Event:
    """Cut one message; the producer's delivery annotations and the server's own keys are dropped."""
    header: Bytes = b""
    partition_key, rest_at = None, 0
    annotations: list[Bytes] = []
    for section in sections(message):
        if section.code > MESSAGE_ANNOTATIONS:
            continue
        rest_at = section.end
        if section.code == HEADER:
            header = message[section.start : section.end]
        elif section.code == MESSAGE_ANNOTATIONS:
            annotations, partition_key = _annotations(message, section.value_at)
    return Event(header, annotations, message[rest_at:] if rest_at else message, partition_key)


def _annotations(message: Bytes, at: int) -> tuple[list[Bytes], str | None]:
    kept: list[Bytes] = []
    partition_key = None
    for key_at, value_at, end in map_spans(message, at):
        key = decode(message, key_at)[0]
        if key == "x-opt-partition-key":
            value = decode(message, value_at)[0]
            partition_key = value if isinstance(value, str) else None
        elif key not in _OURS:
            kept.append(message[key_at:end])
    return kept, partition_key


def split_batch(payload: bytes) -> tuple[list[memoryview], str | None]:
    """Views of the messages inside a transfer of format `BATCH_FORMAT`, and the partition key on its envelope."""
    messages, partition_key = [], None
    view = memoryview(payload)
    for section in sections(payload):
        if section.code == MESSAGE_ANNOTATIONS:
            partition_key = _annotations(payload, section.value_at)[1]
        elif section.code == DATA:
            constructor = payload[section.value_at]
            if constructor not in (0xA0, 0xB0):
                raise DecodeError("a data section without binary data")
            messages.append(view[section.value_at + (2 if constructor == 0xA0 else 5) : section.end])
    if not messages:
        raise DecodeError("a batch without events")
    return messages, partition_key


def _key(name: str) -> bytes:
    return encode(Symbol(name))


_SEQUENCE, _OFFSET, _TIME = _key("x-opt-sequence-number"), _key("x-opt-offset"), _key("x-opt-enqueued-time")
_PARTITION_KEY, _PUBLISHER = _key("x-opt-partition-key"), _key("x-opt-publisher")
_MAP = struct.Struct(">II")


def annotate(
    event: Event, sequence: int, offset: int, enqueued_ms: int, key: str | None, publisher: str | None
) -> list[Bytes]:
    """The parts of the event as readers get it; what delivery annotations they get stand after `event.header`."""
    pairs: list[Bytes] = [
        _SEQUENCE + b"\x81" + sequence.to_bytes(8),
        _OFFSET + encode(str(offset)),
        _TIME + b"\x83" + enqueued_ms.to_bytes(8),
    ]
    if key is not None:
        pairs.append(_PARTITION_KEY + encode(key))
    if publisher is not None:
        pairs.append(_PUBLISHER + encode(publisher))
    pairs += event.annotations
    body = b"".join(pairs)
    return [event.header, b"\x00\x53\x72\xd1", _MAP.pack(len(body) + 4, 2 * len(pairs)), body, event.rest]


def delivery_annotations(pairs: dict[object, object]) -> bytes:
    """A delivery-annotations section."""
    return encode(Described(DELIVERY_ANNOTATIONS, pairs))
