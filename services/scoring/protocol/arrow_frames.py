"""What an Arrow IPC stream says of itself, looked at before a byte of it is believed: its frames and their lengths.

Arrow's own reader reserves what a frame declares, and unpacks what is compressed, however much that becomes.
Layout: https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc
"""

import struct

from services.scoring.protocol.answers import Invalid

_MOST_FRAMES = 1_000
_LONGEST_HEAD = 1 << 20
_CONTINUES = 0xFFFFFFFF
_FRAME = struct.Struct("<Ii")
# Slots of the flatbuffer tables `Message`, `DictionaryBatch` and `RecordBatch`, and the kinds of a message.
_HEADER_TYPE, _HEADER, _BODY_LENGTH = 1, 2, 3
_DATA, _COMPRESSION = 1, 3
_SCHEMA, _DICTIONARY, _BATCH = 1, 2, 3


def check_frames(body: bytes) -> None:
    """Raises `Invalid` for what is no stream, lies about its lengths, is compressed, or has too many parts."""
    at = frames = 0
    try:
        while at < len(body) and (size := _head_size(body, at)):
            at += _FRAME.size
            at += size + _body_length(memoryview(body)[at : at + size])
            frames += 1
            if frames > _MOST_FRAMES:
                raise Invalid(f"body: at most {_MOST_FRAMES} batches are taken", 413)
    except struct.error:
        raise Invalid("body: an Arrow IPC stream that is cut off or broken") from None
    if at > len(body) or not frames:
        raise Invalid(f"body: an Arrow IPC stream that declares {at} bytes, found {len(body)}")


def _head_size(body: bytes, at: int) -> int:
    """Of the next frame's head; 0 is the end of the stream."""
    marker, size = _FRAME.unpack_from(body, at)
    if marker != _CONTINUES:
        raise Invalid("body: not an Arrow IPC stream")
    if not 0 <= size <= _LONGEST_HEAD:
        raise Invalid(f"body: a head of {size} bytes")
    return int(size)


def _body_length(head: memoryview) -> int:
    """How many bytes follow this head."""
    message = _table(head, 0)
    kind = head[_field(head, message, _HEADER_TYPE)]
    if kind not in (_SCHEMA, _DICTIONARY, _BATCH):
        raise Invalid("body: only schema, dictionaries and record batches are taken")
    batch = _table(head, _field(head, message, _HEADER))
    if kind == _DICTIONARY:
        batch = _table(head, _field(head, batch, _DATA))
    if kind != _SCHEMA and _field(head, batch, _COMPRESSION):
        raise Invalid("body: compressed record batches are not taken")
    place = _field(head, message, _BODY_LENGTH)
    length = _read(head, "<q", place) if place else 0
    if length < 0:
        raise Invalid(f"body: a record batch of {length} bytes")
    return length


def _table(head: memoryview, at: int) -> int:
    """Where the table is that the offset at this place leads to."""
    return at + _read(head, "<I", at)


def _field(head: memoryview, table: int, slot: int) -> int:
    """Where this field of the table is, 0 when it is left out."""
    fields = table - _read(head, "<i", table)
    if 4 + 2 * slot + 2 > _read(head, "<H", fields):
        return 0
    offset = _read(head, "<H", fields + 4 + 2 * slot)
    place = table + offset
    if place >= len(head):
        raise struct.error
    return place if offset else 0


def _read(head: memoryview, code: str, at: int) -> int:
    if at < 0:
        raise struct.error
    found: int = struct.unpack_from(code, head, at)[0]
    return found
