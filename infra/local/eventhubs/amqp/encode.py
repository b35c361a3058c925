"""Python values to AMQP 1.0 bytes.

Lists are always written in full: the Python SDK reads performative fields by position, and fails on the short lists
that AMQP would allow.
"""

import struct
from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from infra.local.eventhubs.amqp.values import (
    Array,
    Described,
    Int,
    Raw,
    Symbol,
    Timestamp,
    UByte,
    UInt,
    ULong,
    UShort,
)

_COUNTED = struct.Struct(">BII")


def _ulong(value: int) -> bytes:
    if value < 256:
        return struct.pack(">BB", 0x53, value)
    return struct.pack(">BQ", 0x80, value)


def _variable(code: int, data: bytes) -> bytes:
    """`code` is the one-byte-length form; the four-byte-length form has bit 4 set."""
    if len(data) < 256:
        return struct.pack(">BB", code, len(data)) + data
    return struct.pack(">BI", code | 0x10, len(data)) + data


def _list(items: Sequence[object]) -> bytes:
    body = b"".join(map(encode, items))
    return _COUNTED.pack(0xD0, len(body) + 4, len(items)) + body


def _map(pairs: Mapping[object, object]) -> bytes:
    body = b"".join(encode(key) + encode(value) for key, value in pairs.items())
    return _COUNTED.pack(0xD1, len(body) + 4, 2 * len(pairs)) + body


def _array(items: Array) -> bytes:
    texts = [item.encode() for item in items]
    body = b"\xb1" + b"".join(struct.pack(">I", len(text)) + text for text in texts)
    return _COUNTED.pack(0xF0, len(body) + 4, len(items)) + body


def _described(value: Described) -> bytes:
    descriptor = ULong(value.descriptor) if isinstance(value.descriptor, int) else value.descriptor
    return b"\x00" + encode(descriptor) + encode(value.value)


_ENCODERS: dict[type, Callable[..., bytes]] = {
    type(None): lambda _: b"\x40",
    bool: lambda value: b"\x41" if value else b"\x42",
    UByte: lambda value: struct.pack(">BB", 0x50, value),
    UShort: lambda value: struct.pack(">BH", 0x60, value),
    UInt: lambda value: struct.pack(">BI", 0x70, value),
    ULong: _ulong,
    Int: lambda value: struct.pack(">Bi", 0x71, value),
    int: lambda value: struct.pack(">Bq", 0x81, value),
    Timestamp: lambda value: struct.pack(">Bq", 0x83, value),
    float: lambda value: struct.pack(">Bd", 0x82, value),
    UUID: lambda value: b"\x98" + value.bytes,
    bytes: lambda value: _variable(0xA0, value),
    str: lambda value: _variable(0xA1, value.encode()),
    Symbol: lambda value: _variable(0xA3, value.encode("ascii")),
    Raw: lambda value: bytes(value),
    list: _list,
    dict: _map,
    Array: _array,
    Described: _described,
}


def encode(value: object) -> bytes:
    """Encode by exact type; raise `TypeError` for a type that has no AMQP encoding here."""
    encoder = _ENCODERS.get(type(value))
    if encoder is None:
        raise TypeError(f"no AMQP encoding for {type(value).__name__}")
    return encoder(value)
