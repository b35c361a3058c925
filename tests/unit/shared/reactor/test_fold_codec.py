"""Folded state as bytes: what was written comes back, and what is damaged or newer is said to be so."""

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.events import Unreadable
from shared.reactor import State
from shared.reactor.fold_codec import decode_state, encode_state


class Sample(State):
    counts: dict[str, tuple[int, ...]] = {}
    words: str = ""
    share: float | None = None


class Newer(Sample):
    version = 2
    more: int = 0


STATES = st.builds(
    Sample,
    counts=st.dictionaries(st.text(max_size=5), st.tuples(st.integers(), st.integers()), max_size=5),
    words=st.text(st.characters(exclude_categories=["Cs"])),
    share=st.none() | st.floats(allow_nan=False, allow_infinity=False),
)
BODY = encode_state(Sample(counts={"a": (1, 2)}, words="ü" * 50))


@given(STATES)
def test_a_state_comes_back_and_is_always_the_same_bytes(state: Sample) -> None:
    assert decode_state(encode_state(state), Sample) == state
    assert encode_state(decode_state(encode_state(state), Sample)) == encode_state(state)


@given(st.integers(0, len(BODY) - 1), st.integers(1, 255))
def test_whichever_byte_is_damaged_it_is_noticed(place: int, flip: int) -> None:
    damaged = bytearray(BODY)
    damaged[place] ^= flip
    with pytest.raises(Unreadable):
        decode_state(bytes(damaged), Sample)


@given(st.binary(max_size=40))
def test_nothing_but_unreadable_leaves_it(body: bytes) -> None:
    with pytest.raises(Unreadable):
        decode_state(body, Sample)


@given(st.binary(max_size=40))
def test_a_checksum_that_holds_over_no_state_is_unreadable_too(packed: bytes) -> None:
    with pytest.raises(Unreadable):
        decode_state(struct.pack(">4sHI", b"SLF1", 1, zlib.crc32(packed, 1)) + packed, Sample)


def test_an_older_state_is_read_and_a_newer_one_is_not() -> None:
    assert decode_state(BODY, Newer).more == 0
    with pytest.raises(Unreadable, match="version 2 is newer than this build's, 1"):
        decode_state(encode_state(Newer()), Sample)


def test_a_state_that_swells_beyond_all_bounds_is_no_state() -> None:
    packed = zlib.compress(b'"' + b" " * (70 * 1024 * 1024), 9)
    with pytest.raises(Unreadable, match="more than"):
        decode_state(struct.pack(">4sHI", b"SLF1", 1, zlib.crc32(packed, 1)) + packed, Sample)


def test_states_of_many_features_are_small() -> None:
    wide = Sample(counts={f"feature_{n}": (n * 7919 % 1000, n * 104729 % 1000) for n in range(1000)})
    assert len(encode_state(wide)) < len(wide.model_dump_json()) / 2
