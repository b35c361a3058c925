"""Folded state as bytes: magic, version and checksum, then the state's JSON, compressed.

A fold's names repeat in every state, so that a state of a thousand features takes a fifth of its JSON.
"""

import struct
import zlib

from pydantic import ValidationError

from shared.events import Unreadable
from shared.reactor.service import State

_MAGIC = b"SLF1"
# Magic; the version of the state, 16 bits; CRC-32 of what follows, begun with the version, 32 bits. Big-endian.
_HEAD = struct.Struct(">4sHI")
_LEVEL = 6
# What a fold writes is far smaller: a hundredfold inside of what the store takes is no state but an attack.
_LARGEST_JSON = 64 * 1024 * 1024


def encode_state(state: State) -> bytes:
    """The same state always gives the same bytes."""
    packed = zlib.compress(state.model_dump_json().encode(), _LEVEL)
    return _HEAD.pack(_MAGIC, state.version, zlib.crc32(packed, state.version)) + packed


def decode_state[S: State](body: bytes, kind: type[S]) -> S:
    """A state of this build's version or an older one; raises `Unreadable` for one that is damaged or newer."""
    if len(body) < _HEAD.size:
        raise Unreadable(f"state: {len(body)} bytes are no folded state")
    magic, found, checksum = _HEAD.unpack_from(body)
    if magic != _MAGIC:
        raise Unreadable("state: this is no folded state")
    packed = body[_HEAD.size :]
    if zlib.crc32(packed, found) != checksum:
        raise Unreadable("state: the checksum does not hold")
    if found > kind.version:
        raise Unreadable(f"state: version {found} is newer than this build's, {kind.version}")
    try:
        return kind.model_validate_json(_inflated(packed))
    except (ValidationError, zlib.error) as error:
        raise Unreadable(f"state: {str(error).partition(chr(10))[0]}") from error


def _inflated(packed: bytes) -> bytes:
    inflater = zlib.decompressobj()
    plain = inflater.decompress(packed, _LARGEST_JSON)
    if not inflater.eof:
        raise Unreadable(f"state: more than {_LARGEST_JSON} bytes of JSON, or cut off")
    return plain
