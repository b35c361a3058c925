"""WebSocket frames: a peer's are unmasked, our own go out unmasked, as the RFC has it for servers."""

import struct
from collections.abc import Iterator

CONTINUATION, BINARY, CLOSE, PING, PONG = 0x0, 0x2, 0x8, 0x9, 0xA
_FINAL, _MASKED = 0x80, 0x80
_SHORT, _LONG = 126, 127
# An AMQP frame of the SDKs is one message; none of them is near this.
LONGEST = 4 * 1024 * 1024


class Broken(ValueError):
    """The peer's bytes are no WebSocket frames."""


def frame(opcode: int, payload: bytes) -> bytes:
    """One unfragmented frame."""
    size = len(payload)
    if size < _SHORT:
        head = struct.pack(">BB", _FINAL | opcode, size)
    elif size < 2**16:
        head = struct.pack(">BBH", _FINAL | opcode, _SHORT, size)
    else:
        head = struct.pack(">BBQ", _FINAL | opcode, _LONG, size)
    return head + payload


class Frames:
    """Collects bytes as they arrive and yields opcode and payload of each frame that is complete."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Raise `Broken` for a frame that is not masked or too long."""
        self._held += data
        while (found := self._next()) is not None:
            yield found

    def _next(self) -> tuple[int, bytes] | None:
        held = self._held
        if len(held) < 2:
            return None
        if not held[1] & _MASKED:
            raise Broken("a client's frame is not masked")
        length, at = held[1] & ~_MASKED, 2
        if length >= _SHORT:
            width = 2 if length == _SHORT else 8
            length, at = int.from_bytes(held[2 : 2 + width]), 2 + width
        if length > LONGEST:
            raise Broken(f"a frame of {length} bytes")
        end = at + 4 + length
        if len(held) < end:
            return None
        self._held = held[end:]
        return held[0] & 0x0F, unmasked(held[at + 4 : end], held[at : at + 4])


def unmasked(payload: bytes, mask: bytes) -> bytes:
    """Exclusive-or with the mask, repeated; as one large number, which is fast."""
    size = len(payload)
    repeated = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload) ^ int.from_bytes(repeated)).to_bytes(size)
