"""The performatives that the server sends, each with every field of the specification.

The Python SDK indexes these lists: a field left out at the end is a crash there, and some nulls are too. The comments
name the positions it reads.
"""

import struct

from infra.local.eventhubs.amqp.encode import encode
from infra.local.eventhubs.amqp.frames import performative
from infra.local.eventhubs.amqp.values import Described, Symbol, UByte, UInt, ULong, UShort

OPEN, BEGIN, ATTACH, FLOW, TRANSFER, DISPOSITION, DETACH, END, CLOSE = range(0x10, 0x19)
SASL_MECHANISMS, SASL_INIT, SASL_CHALLENGE, SASL_RESPONSE, SASL_OUTCOME = range(0x40, 0x45)
SOURCE, TARGET, ERROR = 0x28, 0x29, 0x1D
ACCEPTED, REJECTED = Described(0x24, []), 0x25
# Our windows never close, since flow control works on link credit.
WINDOW = UInt(2**31 - 1)
SENDER, RECEIVER = False, True


def error(condition: str, description: str) -> Described:
    """condition, description, info"""
    return Described(ERROR, [Symbol(condition), description, {}])


def sasl_mechanisms(*names: str) -> bytes:
    """The server's offer."""
    array = b"".join(bytes((len(name),)) + name.encode() for name in names)
    return b"\x00\x53\x40\xd0" + struct.pack(">II", 4 + 4 + len(array), 1) + _symbols(array, len(names))


def _symbols(items: bytes, count: int) -> bytes:
    return struct.pack(">BBBB", 0xE0, len(items) + 2, count, 0xA3) + items


def sasl_outcome() -> bytes:
    """Everybody is let in; tokens are checked later, over $cbs. The SDK reads both code and data."""
    return performative(SASL_OUTCOME, UByte(0), b"")


def open_(container: str, max_frame_size: int, idle_timeout_ms: int) -> bytes:
    """SDK reads 2 (max-frame-size, not null), 4 (idle-timeout), 9 (properties)."""
    properties = {Symbol("product"): "sluice-eventhubs"}
    sizes = (UInt(max_frame_size), UShort(4095), UInt(idle_timeout_ms))
    return performative(OPEN, container, None, *sizes, None, None, None, None, properties)


def begin(remote_channel: int) -> bytes:
    """SDK reads 0 to 3, 4 (handle-max, not null), 7 (properties)."""
    return performative(BEGIN, UShort(remote_channel), UInt(0), WINDOW, WINDOW, UInt(255), None, None, None)


def attach(name: object, handle: int, role: bool, source: object, target: object, max_message_size: int) -> bytes:
    """SDK reads 5 and 6 (neither null), 9 (initial-delivery-count of a sender), 10 (max-message-size), 13."""
    modes = (UByte(1), UByte(0)) if role is SENDER else (UByte(0), UByte(0))
    first_count = UInt(0) if role is SENDER else None
    tail = (None, None, first_count, ULong(max_message_size), None, None, None)
    return performative(ATTACH, name, UInt(handle), role, *modes, source, target, *tail)


def flow(
    next_incoming_id: int, next_outgoing_id: int, handle: int | None, delivery_count: int, credit: int, drain: bool
) -> bytes:
    """SDK reads 0 to 4, and 5 and 6 (not null when a handle is set)."""
    session = (UInt(next_incoming_id), WINDOW, UInt(next_outgoing_id), WINDOW)
    if handle is None:
        return performative(FLOW, *session, *[None] * 7)
    link = (UInt(handle), UInt(delivery_count), UInt(credit), None)
    return performative(FLOW, *session, *link, drain, False, None)


def disposition(role: bool, first: int, last: int, state: Described) -> bytes:
    """SDK reads 1 and 2, 3 (settled: ignored unless true), 4 (state)."""
    return performative(DISPOSITION, role, UInt(first), UInt(last), True, state, False)


def detach(handle: int, failure: Described | None) -> bytes:
    """SDK reads 1 (closed), 2 (error)."""
    return performative(DETACH, UInt(handle), True, failure)


def end(failure: Described | None = None) -> bytes:
    """SDK reads 0 (error)."""
    return performative(END, failure)


def close(failure: Described | None = None) -> bytes:
    """SDK reads 0 (error)."""
    return performative(CLOSE, failure)


class TransferEncoder:
    """Transfer performatives of one sending link: exactly 11 fields, settled, with a constant delivery tag.

    The SDK keeps every tag it ever received in a set; a constant tag keeps that set at one entry.
    """

    def __init__(self, handle: int) -> None:
        nulls = [encode(None)] * 5
        fixed = (encode(UInt(handle)), b"\x70", encode(b"\x00"), encode(UInt(0)), encode(True))
        size = sum(map(len, fixed)) + 4 + 1 + len(nulls) + 4
        self._head = b"\x00\x53\x14\xd0" + struct.pack(">II", size, 11) + fixed[0] + fixed[1]
        tail = fixed[2] + fixed[3] + fixed[4]
        self._last = tail + b"\x42" + b"".join(nulls)
        self._more = tail + b"\x41" + b"".join(nulls)
        self.size = 8 + len(self._head) + 4 + len(self._last)

    def frames(self, channel: int, delivery_id: int, payload: bytes, max_frame_size: int) -> list[bytes]:
        """One frame, or several when the payload is longer than the peer's frames."""
        room = max_frame_size - self.size
        head = self._head + delivery_id.to_bytes(4)
        if len(payload) <= room:
            return [struct.pack(">IBBH", self.size + len(payload), 2, 0, channel), head, self._last, payload]
        pieces = []
        for at in range(0, len(payload), room):
            piece = payload[at : at + room]
            tail = self._last if at + room >= len(payload) else self._more
            pieces += [struct.pack(">IBBH", self.size + len(piece), 2, 0, channel), head, tail, piece]
        return pieces
