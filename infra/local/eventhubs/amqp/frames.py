"""Frames: a performative and its payload on a channel, cut out of a byte stream and put into one."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from infra.local.eventhubs.amqp.decode import decode, list_spans
from infra.local.eventhubs.amqp.encode import encode
from infra.local.eventhubs.amqp.values import DecodeError, Described, Raw

AMQP_HEADER = b"AMQP\x00\x01\x00\x00"
SASL_HEADER = b"AMQP\x03\x01\x00\x00"
EMPTY_FRAME = b"\x00\x00\x00\x08\x02\x00\x00\x00"
MAX_FRAME_SIZE = 65536
AMQP, SASL = 0, 1
_SHORTEST = 8
_FRAME = struct.Struct(">IBBH")


class Frame(NamedTuple):
    """`body` holds the performative's field list, starting at `fields_at`; `code` is the performative's descriptor."""

    channel: int
    code: int
    body: bytes
    fields_at: int

    def fields(self, at_least: int) -> list[object]:
        """The fields, padded with None to `at_least`: trailing nulls may be left out on the wire."""
        return self.fields_and_payload(at_least)[0]

    def fields_and_payload(self, at_least: int) -> tuple[list[object], memoryview]:
        """The fields, and a view of what follows them in the frame."""
        value, end = decode(self.body, self.fields_at)
        if not isinstance(value, list):
            raise DecodeError("a performative is not a list")
        return value + [None] * (at_least - len(value)), memoryview(self.body)[end:]

    def raw_fields(self, at_least: int) -> list[Raw]:
        """The same, each still encoded."""
        spans, _ = list_spans(self.body, self.fields_at)
        fields = [Raw(self.body[start:end]) for start, end in spans]
        return fields + [Raw(b"\x40")] * (at_least - len(fields))


class FrameBuffer:
    """Collects bytes as they arrive and yields protocol headers (`bytes`), frames, and None for empty frames.

    Only a frame that is cut off is held; a large message is not copied once more for being collected.
    """

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> Iterator[Frame | bytes | None]:
        """What is complete after `data`; raise `DecodeError` on a frame that is too long or malformed."""
        at = 0
        if self._held:
            at = self._missing(data)
            piece, self._held = self._held + data[:at], b""
            if _next_size(piece, 0) is None:
                self._held = piece
                return
            yield _header_or_frame(piece)
        while (size := _next_size(data, at)) is not None:
            at += size
            yield _header_or_frame(data[at - size : at])
        self._held = data[at:]

    def _missing(self, data: bytes) -> int:
        """How many bytes of `data` belong to what is held."""
        start = self._held + data[: max(0, _SHORTEST - len(self._held))]
        size = _announced(start, 0) if len(start) >= _SHORTEST else _SHORTEST
        return min(size - len(self._held), len(data))


def _announced(data: bytes, at: int) -> int:
    if data[at : at + 4] == b"AMQP":
        return _SHORTEST
    size = int.from_bytes(data[at : at + 4])
    if not _SHORTEST <= size <= MAX_FRAME_SIZE:
        raise DecodeError(f"a frame of {size} bytes; {_SHORTEST} to {MAX_FRAME_SIZE} are allowed")
    return size


def _next_size(data: bytes, at: int) -> int | None:
    """Of the frame at `at`; None while it is not all there."""
    if len(data) - at < _SHORTEST:
        return None
    size = _announced(data, at)
    return size if len(data) - at >= size else None


def _header_or_frame(piece: bytes) -> Frame | bytes | None:
    return piece if piece[:4] == b"AMQP" else _frame(piece)


def _frame(piece: bytes) -> Frame | None:
    _, data_offset, _, channel = _FRAME.unpack_from(piece)
    at = 4 * data_offset
    if at < 8 or at > len(piece):
        raise DecodeError(f"data offset {data_offset} in a frame of {len(piece)} bytes")
    if at == len(piece):
        return None
    if piece[at] != 0:
        raise DecodeError("a frame without a performative")
    if piece[at + 1 : at + 2] == b"\x53" and len(piece) > at + 3:
        return Frame(channel, piece[at + 2], piece, at + 3)
    code, fields_at = decode(piece, at + 1)
    if not isinstance(code, int) or fields_at >= len(piece):
        raise DecodeError("a performative without a numeric descriptor or without fields")
    return Frame(channel, code, piece, fields_at)


def frame(channel: int, performative: bytes, payload: bytes = b"", kind: int = AMQP) -> bytes:
    """One frame, ready for the wire."""
    return _FRAME.pack(8 + len(performative) + len(payload), 2, kind, channel) + performative + payload


def performative(code: int, *fields: object) -> bytes:
    """A performative with all the fields given, nulls included."""
    return encode(Described(code, list(fields)))
