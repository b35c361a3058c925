"""Message sections: a producer's transfer is cut into events and events get annotations, without decoding bodies."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from infra.local.eventhubs.amqp.decode import decode, map_spans, value_end
from infra.local.eventhubs.amqp.encode import encode
from infra.local.eventhubs.amqp.values import Bytes, DecodeError, Described, Int, Symbol

HEADER, DELIVERY_ANNOTATIONS, MESSAGE_ANNOTATIONS, PROPERTIES, APPLICATION_PROPERTIES, DATA = range(0x70, 0x76)
SEQUENCE, VALUE, FOOTER = 0x76, 0x77, 0x78
BATCH_FORMAT = 0x80013700
_OURS = frozenset(
    {
        "x-opt-sequence-number-epoch",
        "x-opt-sequence-number",
        "x-opt-offset",
        "x-opt-enqueued-time",
        "x-opt-partition-key",
        "x-opt-publisher",
    }
)
# Only these may stand more than once in a message.
_BODIES = frozenset({DATA, SEQUENCE})


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
    delivery: Bytes  # the producer's delivery annotations, a whole section, empty when there are none
    annotations: list[Bytes]  # key and value of each annotation that is not the server's own, still encoded
    rest: Bytes  # properties, application properties, body, footer
    partition_key: str | None


def parse_event(message: Bytes) -> Event:
    """Cut one message by the codes of its sections, wherever they stand; the server's own keys are dropped.

    The Python SDK writes delivery annotations behind the body. Raise `DecodeError` for a message without a body and for
    one with a section twice.
    """
    found: dict[int, Section] = {}
    rest = []
    for section in sections(message):
        if section.code in found and section.code not in _BODIES:
            raise DecodeError(f"section 0x{section.code:02x} stands twice in a message")
        found[section.code] = section
        if section.code > MESSAGE_ANNOTATIONS:
            rest.append(section)
    if found.keys().isdisjoint((DATA, SEQUENCE, VALUE)):
        raise DecodeError("a message without a body")
    header, delivery, noted = (found.get(code) for code in (HEADER, DELIVERY_ANNOTATIONS, MESSAGE_ANNOTATIONS))
    if delivery is not None:
        map_spans(message, delivery.value_at)  # readers would trip over anything else
    annotations, partition_key = _annotations(message, noted.value_at) if noted is not None else ([], None)
    return Event(_cut(message, header), _cut(message, delivery), annotations, _joined(message, rest), partition_key)


def _cut(message: Bytes, section: Section | None) -> Bytes:
    return b"" if section is None else message[section.start : section.end]


def _joined(message: Bytes, parts: list[Section]) -> Bytes:
    """A view where the sections stand side by side, as they nearly always do."""
    start, end = parts[0].start, parts[-1].end
    if sum(part.end - part.start for part in parts) == end - start:
        return message[start:end]
    return b"".join(message[part.start : part.end] for part in parts)


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


_EPOCH, _SEQUENCE, _OFFSET, _TIME = map(
    _key, ("x-opt-sequence-number-epoch", "x-opt-sequence-number", "x-opt-offset", "x-opt-enqueued-time")
)
_PARTITION_KEY, _PUBLISHER = _key("x-opt-partition-key"), _key("x-opt-publisher")
_MAP = struct.Struct(">II")


def annotate(
    event: Event, epoch: int, sequence: int, offset: int, enqueued_ms: int, key: str | None, publisher: str | None
) -> list[Bytes]:
    """The parts of the event as readers get it; what delivery annotations they get stand after `event.header`."""
    pairs: list[Bytes] = [
        _EPOCH + encode(Int(epoch)),
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
    head = _MAP.pack(len(body) + 4, 2 * len(pairs))
    return [event.header, event.delivery, b"\x00\x53\x72\xd1", head, body, event.rest]


def with_delivery_annotations(message: bytes, at: int, pairs: dict[object, object]) -> bytes:
    """The message as annotated above, with pairs added to its delivery annotations, which stand or would stand `at`."""
    first = next(sections(memoryview(message)[at:]))
    end = at + first.end if first.code == DELIVERY_ANNOTATIONS else at
    if end == at:
        return message[:at] + encode(Described(DELIVERY_ANNOTATIONS, pairs)) + message[at:]
    spans = map_spans(message, at + first.value_at)
    kept = [message[start:stop] for start, _, stop in spans if decode(message, start)[0] not in pairs]
    ours = [encode(key) + encode(value) for key, value in pairs.items()]
    body = b"".join(kept + ours)
    head = b"\x00\x53\x71\xd1" + _MAP.pack(len(body) + 4, 2 * (len(kept) + len(ours)))
    return message[:at] + head + body + message[end:]
