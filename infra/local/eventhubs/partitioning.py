"""Which partition a key belongs to, by the hash that the SDKs ship for it (Bob Jenkins' lookup3)."""

import struct

_MASK = 0xFFFFFFFF
_MIX = ((0, 2, 4), (1, 0, 6), (2, 1, 8), (0, 2, 16), (1, 0, 19), (2, 1, 4))
_FINAL = ((2, 1, 14), (0, 2, 11), (1, 0, 25), (2, 1, 16), (0, 2, 4), (1, 0, 14), (2, 1, 24))


def _rotated(value: int, bits: int) -> int:
    return (value << bits | value >> (32 - bits)) & _MASK


def _mix(state: list[int]) -> None:
    """`target -= source; target ^= rot(source); source += the third`, six times."""
    for target, source, bits in _MIX:
        third = 3 - target - source
        state[target] = (state[target] - state[source] & _MASK) ^ _rotated(state[source], bits)
        state[source] = state[source] + state[third] & _MASK


def _finish(state: list[int]) -> None:
    for target, source, bits in _FINAL:
        state[target] = (state[target] ^ state[source]) - _rotated(state[source], bits) & _MASK


def lookup3(data: bytes) -> tuple[int, int]:
    """The two 32-bit hashes (c, b) of lookup3, both seeds zero."""
    state = [0xDEADBEEF + len(data) & _MASK] * 3
    at = 0
    while len(data) - at > 12:
        state = [(old + new) & _MASK for old, new in zip(state, struct.unpack_from("<III", data, at), strict=True)]
        _mix(state)
        at += 12
    if len(data) > at:
        last = data[at:].ljust(12, b"\x00")
        state = [(old + new) & _MASK for old, new in zip(state, struct.unpack("<III", last), strict=True)]
        _finish(state)
    return state[2], state[1]


def partition_of(key: str, partitions: int) -> int:
    """Both hashes folded to a signed 16-bit number; its remainder keeps the sign, which is then dropped.

    So do the SDKs for .NET and JavaScript. The Python SDK's remainder has no sign: for negative numbers it differs.
    """
    c, b = lookup3(key.encode())
    folded = int.from_bytes(((c ^ b) & 0xFFFF).to_bytes(2), signed=True)
    return abs(folded) % partitions
