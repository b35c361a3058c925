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
# What Azure announces, as recorded conversations of the Python SDK's live tests with it show.
CHANNEL_MAX, HANDLE_MAX = UShort(4999), UInt(255)
INCOMING_WINDOW, OUTGOING_WINDOW = UInt(5000), UInt(65536)
ANY_SIZE = 2**64 - 1
SENDER, RECEIVER = False, True
UNSETTLED, SETTLED = 0, 1  # how a sender settles
PIECES = 4  # that an encoded transfer frame consists of


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
    return performative(SASL_OUTCOME, UByte(0), b"Welcome!")


def open_(container: str, max_frame_size: int, idle_timeout_ms: int) -> bytes:
    """SDK reads 2 (max-frame-size, not null), 4 (idle-timeout), 9 (properties)."""
    sizes = (UInt(max_frame_size), CHANNEL_MAX, UInt(idle_timeout_ms))
    return performative(OPEN, container, None, *sizes, *[None] * 5)


def begin(remote_channel: int) -> bytes:
    """SDK reads 0 to 3, 4 (handle-max, not null), 7 (properties)."""
    windows = (INCOMING_WINDOW, OUTGOING_WINDOW)
    return performative(BEGIN, UShort(remote_channel), UInt(0), *windows, HANDLE_MAX, None, None, None)


def attach(
    name: object,
    handle: int,
    role: bool,
    modes: tuple[int, int],
    termini: tuple[object, object],
    max_message_size: int,
    properties: dict[object, object] | None,
) -> bytes:
    """`modes` are those of sender and receiver, `termini` source and target.

    SDK reads 5 and 6 (a null one refuses the link), 9 (initial-delivery-count of a sender), 10 (max-message-size), 13.
    """
    first_count = UInt(0) if role is SENDER else None
    tail = (None, None, first_count, ULong(max_message_size), None, None, properties)
    return performative(ATTACH, name, UInt(handle), role, *map(UByte, modes), *termini, *tail)


def refused_attach(name: object, handle: int, role: bool) -> bytes:
    """Nothing but nulls behind the role: without source and target clients wait for the detach that says why."""
    return performative(ATTACH, name, UInt(handle), role, *[None] * 11)


def flow(
    next_incoming_id: int, next_outgoing_id: int, handle: int | None, delivery_count: int, credit: int, drain: bool
) -> bytes:
    """SDK reads 0 to 4, and 5 and 6 (not null when a handle is set)."""
    session = (UInt(next_incoming_id), INCOMING_WINDOW, UInt(next_outgoing_id), OUTGOING_WINDOW)
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
    """Transfer performatives of one sending link: exactly 11 fields, settled ones with an empty tag, as in Azure."""

    def __init__(self, handle: int, settled: bool = True, tag: bytes = b"") -> None:
        nulls = [encode(None)] * 4 + [encode(settled)]  # the last one says batchable
        fixed = (encode(UInt(handle)), b"\x70", encode(tag), encode(UInt(0)), encode(settled))
        size = sum(map(len, fixed)) + 4 + 1 + len(nulls) + 4
        self._head = b"\x00\x53\x14\xd0" + struct.pack(">II", size, 11) + fixed[0] + fixed[1]
        tail = fixed[2] + fixed[3] + fixed[4]
        self._last = tail + b"\x42" + b"".join(nulls)
        self._more = tail + b"\x41" + b"".join(nulls)
        self.size = 8 + len(self._head) + 4 + len(self._last)

    def frames(self, channel: int, delivery_id: int, payload: bytes, max_frame_size: int) -> list[bytes]:
        """One frame, or several when the payload is longer than the peer's frames; `PIECES` for each."""
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
