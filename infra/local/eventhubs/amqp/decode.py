"""AMQP 1.0 bytes to Python values, and the spans of values that are passed on without being decoded.

Integers of every width become `int`, except `Timestamp`; whatever is not well-formed raises `DecodeError`.
"""

import struct
from collections.abc import Callable
from uuid import UUID

from infra.local.eventhubs.amqp.values import Bytes, DecodeError, Described, Symbol, Timestamp

_DEEPEST = 32
type _Reader = Callable[[Bytes, int], object]


def _fixed(layout: str) -> _Reader:
    unpack = struct.Struct(layout).unpack_from

    def read(buffer: Bytes, at: int) -> object:
        value: object = unpack(buffer, at)[0]
        return value

    return read


# constructor -> (width of the value in bytes, reader)
_FIXED: dict[int, tuple[int, _Reader]] = {
    0x40: (0, lambda _buffer, _at: None),
    0x41: (0, lambda _buffer, _at: True),
    0x42: (0, lambda _buffer, _at: False),
    0x43: (0, lambda _buffer, _at: 0),
    0x44: (0, lambda _buffer, _at: 0),
    0x45: (0, lambda _buffer, _at: []),
    0x56: (1, lambda buffer, at: buffer[at] != 0),
    0x50: (1, _fixed(">B")),
    0x51: (1, _fixed(">b")),
    0x52: (1, _fixed(">B")),
    0x53: (1, _fixed(">B")),
    0x54: (1, _fixed(">b")),
    0x55: (1, _fixed(">b")),
    0x60: (2, _fixed(">H")),
    0x61: (2, _fixed(">h")),
    0x70: (4, _fixed(">I")),
    0x71: (4, _fixed(">i")),
    0x72: (4, _fixed(">f")),
    0x73: (4, lambda buffer, at: bytes(buffer[at : at + 4]).decode("utf-32-be")),
    0x74: (4, lambda buffer, at: bytes(buffer[at : at + 4])),
    0x80: (8, _fixed(">Q")),
    0x81: (8, _fixed(">q")),
    0x82: (8, _fixed(">d")),
    0x83: (8, lambda buffer, at: Timestamp(struct.unpack_from(">q", buffer, at)[0])),
    0x84: (8, lambda buffer, at: bytes(buffer[at : at + 8])),
    0x94: (16, lambda buffer, at: bytes(buffer[at : at + 16])),
    0x98: (16, lambda buffer, at: UUID(bytes=bytes(buffer[at : at + 16]))),
}
_VARIABLE: dict[int, Callable[[bytes], object]] = {
    0xA0: bytes,
    0xB0: bytes,
    0xA1: lambda data: data.decode(),
    0xB1: lambda data: data.decode(),
    0xA3: lambda data: Symbol(data.decode("ascii")),
    0xB3: lambda data: Symbol(data.decode("ascii")),
}
_WIDTH = {constructor: width for constructor, (width, _) in _FIXED.items()}


def value_end(buffer: Bytes, at: int, depth: int = 0) -> int:
    """Position after the value at `at`, without decoding it."""
    if at >= len(buffer):
        raise DecodeError(f"the value at byte {at} is cut off")
    return _end(buffer[at], buffer, at + 1, depth)


def _end(constructor: int, buffer: Bytes, at: int, depth: int) -> int:
    """Position after the value whose constructor is known and whose data start at `at`."""
    width = _WIDTH.get(constructor)
    if width is not None:
        end = at + width
    elif constructor >= 0xA0:
        prefix = 4 if constructor & 0x10 else 1
        end = at + prefix + int.from_bytes(buffer[at : at + prefix])
    elif constructor == 0 and depth < _DEEPEST:
        end = value_end(buffer, value_end(buffer, at, depth + 1), depth + 1)
    else:
        raise DecodeError(f"unknown constructor 0x{constructor:02x} at byte {at - 1}")
    if end > len(buffer):
        raise DecodeError(f"the value at byte {at - 1} is cut off")
    return end


def decode(buffer: Bytes, at: int = 0, depth: int = 0) -> tuple[object, int]:
    """The value at `at`, and the position after it."""
    end = value_end(buffer, at)
    constructor = buffer[at]
    try:
        return _value(buffer, constructor, at + 1, end, depth), end
    except DecodeError:
        raise
    except (struct.error, UnicodeError, IndexError, TypeError) as error:
        raise DecodeError(f"the value at byte {at} is not well-formed: {error}") from error


def _value(buffer: Bytes, constructor: int, at: int, end: int, depth: int) -> object:
    if depth > _DEEPEST:
        raise DecodeError(f"values are nested deeper than {_DEEPEST}")
    if constructor in _FIXED:
        return _FIXED[constructor][1](buffer, at)
    if constructor == 0:
        descriptor, at = decode(buffer, at, depth + 1)
        return Described(descriptor, decode(buffer, at, depth + 1)[0])
    prefix = 1 if constructor & 0x10 == 0 else 4
    if constructor in _VARIABLE:
        return _VARIABLE[constructor](bytes(buffer[at + prefix : end]))
    kind = constructor & 0xEF
    if kind not in (0xC0, 0xC1, 0xE0):
        raise DecodeError(f"unknown constructor 0x{constructor:02x}")
    count = int.from_bytes(buffer[at + prefix : at + 2 * prefix])
    body, at = buffer[:end], at + 2 * prefix
    if at > end:
        raise DecodeError("a compound value is shorter than its own header")
    if kind == 0xE0:
        return _items_of_array(body, at, count, depth)
    items = _items(body, at, count, depth)
    return items if kind == 0xC0 else _pairs(items)


def _items(buffer: Bytes, at: int, count: int, depth: int) -> list[object]:
    if count > len(buffer) - at:
        raise DecodeError(f"{count} items do not fit into {len(buffer) - at} bytes")
    items = []
    for _ in range(count):
        item, at = decode(buffer, at, depth + 1)
        items.append(item)
    return items


def _pairs(items: list[object]) -> dict[object, object]:
    if len(items) % 2:
        raise DecodeError("a map holds a key without a value")
    return dict(zip(items[::2], items[1::2], strict=True))


def _items_of_array(buffer: Bytes, at: int, count: int, depth: int) -> list[object]:
    if count == 0:
        return []
    if at >= len(buffer) or buffer[at] == 0:
        raise DecodeError("arrays of described values are not supported")
    constructor, at, items = buffer[at], at + 1, []
    if count * max(1, _WIDTH.get(constructor, 1)) > len(buffer) - at:
        raise DecodeError(f"{count} items do not fit into {len(buffer) - at} bytes")
    for _ in range(count):
        end = _end(constructor, buffer, at, depth)
        items.append(_value(buffer, constructor, at, end, depth + 1))
        at = end
    return items


def list_spans(buffer: Bytes, at: int) -> tuple[list[tuple[int, int]], int]:
    """Start and end of each item of the list at `at`, and the position after the list."""
    end = value_end(buffer, at)
    constructor = buffer[at]
    if constructor == 0x45:
        return [], end
    if constructor not in (0xC0, 0xD0):
        raise DecodeError(f"a list was expected at byte {at}, not constructor 0x{constructor:02x}")
    return _spans(buffer, at, end, 1), end


def map_spans(buffer: Bytes, at: int) -> list[tuple[int, int, int]]:
    """Start of key, start of value and end of value of each pair of the map at `at`."""
    end = value_end(buffer, at)
    if buffer[at] not in (0xC1, 0xD1):
        raise DecodeError(f"a map was expected at byte {at}, not constructor 0x{buffer[at]:02x}")
    spans = _spans(buffer, at, end, 2)
    return [(key[0], value[0], value[1]) for key, value in zip(spans[::2], spans[1::2], strict=True)]


def _spans(buffer: Bytes, at: int, end: int, group: int) -> list[tuple[int, int]]:
    prefix = 1 if buffer[at] & 0x10 == 0 else 4
    count = int.from_bytes(buffer[at + 1 + prefix : at + 1 + 2 * prefix])
    start = at + 1 + 2 * prefix
    if start > end or count > end - start or count % group:
        raise DecodeError(f"the compound value at byte {at} is not well-formed")
    spans = []
    for _ in range(count):
        stop = value_end(buffer, start)
        spans.append((start, stop))
        start = stop
    if start > end:
        raise DecodeError(f"the compound value at byte {at} is longer than it says")
    return spans
