"""Sections: batches are cut, annotations merged, everything else stays as it was."""

import contextlib

import pytest
from azure.eventhub._pyamqp._decode import decode_payload
from hypothesis import given
from hypothesis import strategies as st

from infra.local.eventhubs.amqp.encode import encode
from infra.local.eventhubs.amqp.messages import annotate, parse_event, split_batch
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
    message = header + section(0x71, {Symbol("drop"): 1}) + section(0x72, own) + section(0x74, {"p": "q"}) + BODY
    event = parse_event(message)
    assert (event.header, event.partition_key) == (header, "inner")
    read = decode_payload(memoryview(b"".join(annotate(event, 7, 4711, 1_700_000_000_000, "inner", "press"))))
    assert read.message_annotations == {
        b"x-opt-sequence-number": 7,
        b"x-opt-offset": b"4711",
        b"x-opt-enqueued-time": 1_700_000_000_000,
        b"x-opt-partition-key": b"inner",
        b"x-opt-publisher": b"press",
        b"x-custom": 1,
    }
    assert (read.application_properties, read.data, read.delivery_annotations) == ({b"p": b"q"}, [b"body"], None)
    assert read.header is not None
    assert read.header.durable is True


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
