"""The codec: what is encoded comes back, and no bytes make it do anything but answer or raise `DecodeError`."""

import contextlib
import math
from uuid import UUID

import pytest
from azure.eventhub._pyamqp._decode import decode_payload
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.local.eventhubs.amqp.decode import decode, list_spans, map_spans, value_end
from infra.local.eventhubs.amqp.encode import encode
from infra.local.eventhubs.amqp.values import (
    Array,
    DecodeError,
    Described,
    Int,
    Symbol,
    Timestamp,
    UByte,
    UInt,
    ULong,
    UShort,
)

pytestmark = pytest.mark.local_only

FEWER = settings(max_examples=50)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(0, 2**8 - 1).map(UByte),
    st.integers(0, 2**16 - 1).map(UShort),
    st.integers(0, 2**32 - 1).map(UInt),
    st.integers(0, 2**64 - 1).map(ULong),
    st.integers(-(2**31), 2**31 - 1).map(Int),
    st.integers(-(2**63), 2**63 - 1),
    st.integers(-(2**63), 2**63 - 1).map(Timestamp),
    st.floats(allow_nan=False),
    st.uuids(),
    st.binary(max_size=300),
    st.text(max_size=300),
    st.text(st.characters(codec="ascii"), max_size=300).map(Symbol),
    st.lists(st.text(max_size=20), max_size=300).map(Array),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5),
        st.dictionaries(st.text(max_size=5), inner, max_size=5),
        st.tuples(st.integers(0, 2**64 - 1), inner).map(lambda pair: Described(*pair)),
    ),
    max_leaves=20,
)


@FEWER
@given(VALUES, st.binary(max_size=8), st.binary(max_size=8))
def test_every_value_comes_back_from_anywhere_in_a_buffer(value: object, before: bytes, after: bytes) -> None:
    encoded = encode(value)
    buffer = before + encoded + after
    end = len(before) + len(encoded)
    assert decode(buffer, len(before)) == (value, end)
    assert value_end(buffer, len(before)) == end


@FEWER
@given(VALUES)
def test_a_value_cut_short_is_an_error(value: object) -> None:
    encoded = encode(value)
    for length in range(0, len(encoded), max(1, len(encoded) // 10)):
        with pytest.raises(DecodeError):
            decode(encoded[:length])


@FEWER
@given(st.binary(max_size=200))
def test_garbage_is_decoded_or_refused(garbage: bytes) -> None:
    for read in (decode, list_spans, map_spans):
        with contextlib.suppress(DecodeError):
            read(garbage, 0)


@FEWER
@given(st.lists(VALUES, max_size=5), st.sampled_from([0x40, 0xC0, 0xC1, 0xD0, 0xD1, 0xE0, 0xF0, 0x00]), st.binary())
def test_damaged_compounds_are_decoded_or_refused(values: list[object], constructor: int, noise: bytes) -> None:
    encoded = bytearray(encode(values))
    encoded[0] = constructor
    encoded[1 : 1 + len(noise)] = noise
    with contextlib.suppress(DecodeError):
        assert decode(bytes(encoded))[1] <= len(encoded)


def test_values_nested_too_deeply_are_refused() -> None:
    nested: object = None
    for _ in range(50):
        nested = [nested]
    with pytest.raises(DecodeError, match="deeper"):
        decode(encode(nested))
    with pytest.raises(DecodeError):
        decode(b"\x00" * 5000)


@FEWER
@given(st.lists(VALUES, max_size=6))
def test_the_spans_of_a_list_hold_its_items(values: list[object]) -> None:
    buffer = encode(values)
    spans, end = list_spans(buffer, 0)
    assert end == len(buffer)
    assert [decode(buffer[start:stop])[0] for start, stop in spans] == values


@FEWER
@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=6))
def test_the_spans_of_a_map_hold_its_pairs(pairs: dict[object, object]) -> None:
    buffer = encode(pairs)
    spans = map_spans(buffer, 0)
    assert {decode(buffer, key)[0]: decode(buffer, value)[0] for key, value, _ in spans} == pairs


# The SDK trips over an empty array, so the server must never send one.
@FEWER
@given(st.dictionaries(st.text(min_size=1, max_size=8), SCALARS.filter(lambda value: value != []), max_size=6))
def test_the_sdk_reads_what_is_encoded(pairs: dict[object, object]) -> None:
    message = decode_payload(memoryview(encode(Described(0x77, pairs))))
    assert _as_the_sdk_shows(pairs) == message.value


def _as_the_sdk_shows(value: object) -> object:
    """It leaves texts and symbols as bytes."""
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, dict):
        return {_as_the_sdk_shows(key): _as_the_sdk_shows(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_as_the_sdk_shows(each) for each in value]
    return value


def test_short_forms_are_read() -> None:
    short = {
        b"\x43": 0,
        b"\x44": 0,
        b"\x45": [],
        b"\x56\x01": True,
        b"\x52\x07": 7,
        b"\x54\xff": -1,
        b"\x55\xff": -1,
        b"\x51\xff": -1,
        b"\x61\xff\xff": -1,
        b"\xc0\x03\x02\x41\x42": [True, False],
        b"\xc1\x05\x02\xa3\x01k\x41": {Symbol("k"): True},
        b"\xe0\x04\x02\x50\x01\x02": [1, 2],
        b"\x98" + bytes(16): UUID(int=0),
        b"\x73\x00\x00\x00A": "A",
    }
    assert {encoded: decode(encoded)[0] for encoded in short} == short
    assert math.isclose(decode(b"\x72\x3f\xc0\x00\x00")[0], 1.5)  # type: ignore[arg-type]


def test_a_type_without_encoding_is_refused() -> None:
    with pytest.raises(TypeError, match="complex"):
        encode(1j)
