"""AMQP primitive types that Python has no type of its own for."""

from typing import NamedTuple

type Bytes = bytes | memoryview


class DecodeError(ValueError):
    """Bytes that are not well-formed AMQP."""


class Symbol(str):
    """ASCII text from a constrained domain."""

    __slots__ = ()


class UByte(int):
    """Unsigned, 1 byte."""


class UShort(int):
    """Unsigned, 2 bytes."""


class UInt(int):
    """Unsigned, 4 bytes."""


class ULong(int):
    """Unsigned, 8 bytes."""


class Int(int):
    """Signed, 4 bytes; a plain `int` is an AMQP long (8 bytes)."""


class Timestamp(int):
    """Milliseconds since 1970, UTC."""


class Raw(bytes):
    """A value that is encoded already, so that it goes out exactly as it came in."""


class Array(list[str]):
    """An array of strings; a plain `list` is an AMQP list."""


class Described(NamedTuple):
    """A value with a descriptor (a ulong code or a symbol)."""

    descriptor: object
    value: object
