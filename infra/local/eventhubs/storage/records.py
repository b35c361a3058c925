"""How one event lies in a segment file: length, CRC-32, then sequence number, time, flags and the message.

    | body length u32 | crc32(body) u32 | sequence u64 | enqueued ms i64 | header length u16 | flags u16 | message |

The last record of a batch carries a flag: a batch of which the end is missing was never acknowledged and is cut off as
a whole, so batches are atomic. Everything is little-endian.
"""

import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from infra.local.eventhubs.amqp.values import Bytes

_FRAMING = struct.Struct("<II")
_FIELDS = struct.Struct("<QqHH")
_HEAD = struct.Struct("<IIQqHH")
OVERHEAD = _HEAD.size
_ENDS_BATCH = 1


class Record(NamedTuple):
    """`header_length` says where in `message` delivery annotations may be put in."""

    sequence: int
    enqueued_ms: int
    header_length: int
    ends_batch: bool
    message: bytes


class Corrupt(ValueError):
    """Bytes that are not a whole, undamaged record."""


def pack(
    sequence: int, enqueued_ms: int, header_length: int, ends_batch: bool, message: Sequence[Bytes]
) -> list[Bytes]:
    """The record as it lies in the file, in parts: those of `message` are not copied."""
    fields = _FIELDS.pack(sequence, enqueued_ms, header_length, _ENDS_BATCH if ends_batch else 0)
    length, checksum = len(fields), zlib.crc32(fields)
    for part in message:
        length, checksum = length + len(part), zlib.crc32(part, checksum)
    return [_FRAMING.pack(length, checksum), fields, *message]


def unpack(buffer: bytes, at: int) -> tuple[Record, int]:
    """The record at `at` and the position after it; raise `Corrupt` when it is torn or damaged."""
    if at + OVERHEAD > len(buffer):
        raise Corrupt(f"record at byte {at}: its head is cut off")
    length, checksum, sequence, enqueued_ms, header_length, flags = _HEAD.unpack_from(buffer, at)
    end = at + _FRAMING.size + length
    if length < _FIELDS.size or end > len(buffer):
        raise Corrupt(f"record at byte {at}: {length} bytes announced, the rest is missing")
    if zlib.crc32(memoryview(buffer)[at + _FRAMING.size : end]) != checksum:
        raise Corrupt(f"record at byte {at}: checksum differs")
    message = buffer[at + OVERHEAD : end]
    return Record(sequence, enqueued_ms, header_length, flags & _ENDS_BATCH != 0, message), end


def scan(buffer: bytes, at: int) -> Iterator[tuple[Record, int, int]]:
    """Every whole record from `at` on with its start and end, until the end or the first damaged one."""
    while at < len(buffer):
        try:
            record, end = unpack(buffer, at)
        except Corrupt:
            return
        yield record, at, end
        at = end
