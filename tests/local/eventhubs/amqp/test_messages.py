"""Sections: batches are cut, annotations merged, everything else stays as it was."""

import contextlib

import pytest
from azure.eventhub._pyamqp._decode import decode_payload
from hypothesis import given
from hypothesis import strategies as st

from infra.local.eventhubs.amqp.encode import encode
from infra.local.eventhubs.amqp.messages import annotate, parse_event, split_batch, with_delivery_annotations
from infra.local.eventhubs.amqp.values import DecodeError, Described, Symbol, Timestamp, UByte

pytestmark = pytest.mark.local_only
BODY = encode(Described(0x75, b"body"))


def section(code: int, value: object) -> bytes:
    return encode(Described(code, value))


@given(st.lists(st.binary(max_size=400), min_size=1, max_size=20), st.none() | st.text(min_size=1, max_size=20))
def test_a_batch_is_cut_into_its_messages(messages: list[bytes], key: str | None) -> None:
    annotations = {Symbol("x-opt-partition-key"): key} if key else {}
    payload = section(0x72, annotations) + b"".join(section(0x75, message) for message in messages)
    found, partition_key = split_batch(payload)
    assert ([bytes(each) for each in found], partition_key) == (messages, key)


def test_the_server_s_annotations_join_the_producer_s() -> None:
    own = {Symbol("x-custom"): 1, Symbol("x-opt-sequence-number"): 999, Symbol("x-opt-partition-key"): "inner"}
    header = section(0x70, [True, UByte(4)])
    message = header + section(0x71, {Symbol("kept"): 1}) + section(0x72, own) + section(0x74, {"p": "q"}) + BODY
    event = parse_event(message)
    assert (event.header, event.partition_key) == (header, "inner")
    read = decode_payload(memoryview(b"".join(annotate(event, -1, 7, 4711, 1_700_000_000_000, "inner", "press"))))
    assert read.message_annotations == {
        b"x-opt-sequence-number-epoch": -1,
        b"x-opt-sequence-number": 7,
        b"x-opt-offset": b"4711",
        b"x-opt-enqueued-time": 1_700_000_000_000,
        b"x-opt-partition-key": b"inner",
        b"x-opt-publisher": b"press",
        b"x-custom": 1,
    }
    assert (read.application_properties, read.data) == ({b"p": b"q"}, [b"body"])
    assert read.delivery_annotations == {b"kept": 1}
    assert read.header is not None
    assert read.header.durable is True


@given(
    st.permutations([section(0x71, {Symbol("d"): 1}), section(0x72, {Symbol("m"): 2}), section(0x74, {"p": "q"}), BODY])
)
def test_sections_are_told_by_their_codes_wherever_they_stand(parts: list[bytes]) -> None:
    event = parse_event(b"".join(parts))
    read = decode_payload(memoryview(b"".join(annotate(event, -1, 7, 4711, 1, None, None))))
    assert (read.delivery_annotations, read.application_properties, read.data) == ({b"d": 1}, {b"p": b"q"}, [b"body"])
    assert read.message_annotations is not None
    assert read.message_annotations[b"m"] == 2


@pytest.mark.parametrize("own", [{}, {Symbol("d"): 1, Symbol("last"): 0}])
def test_what_the_server_tells_joins_the_producer_s_delivery_annotations(own: dict[object, object]) -> None:
    header = section(0x70, [True])
    event = parse_event(header + section(0x71, own) + BODY if own else header + BODY)
    stored = b"".join(annotate(event, -1, 7, 4711, 1, None, None))
    read = decode_payload(memoryview(with_delivery_annotations(stored, len(header), {"last": 9})))
    assert read.delivery_annotations == ({b"d": 1, b"last": 9} if own else {b"last": 9})
    assert read.data == [b"body"]


@pytest.mark.parametrize("message", [section(0x70, []), section(0x74, {"p": "q"}), BODY + section(0x74, {}) * 2])
def test_a_message_without_a_body_or_with_a_section_twice_is_refused(message: bytes) -> None:
    with pytest.raises(DecodeError):
        parse_event(message)


def test_a_message_without_sections_before_the_body_stays_as_it_is() -> None:
    assert parse_event(BODY).rest == BODY


@given(st.binary(max_size=100))
def test_garbage_is_refused_or_cut(garbage: bytes) -> None:
    for cut in (split_batch, parse_event):
        with contextlib.suppress(DecodeError):
            assert cut(garbage)


def test_a_batch_without_events_is_refused() -> None:
    with pytest.raises(DecodeError, match="without events"):
        split_batch(section(0x72, {Symbol("x-opt-partition-key"): "k", Symbol("t"): Timestamp(0)}))
