"""Events as triggers hand them on: the JSON of their metadata, written out as the real host wrote it."""

import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from azure.eventhub import EventData
from azure.eventhub._pyamqp.message import Message, Properties

from infra.local.functions_host.event_hubs.datums import UnreadableEvent, many, one
from infra.local.functions_host.event_hubs.values import plain, to_json
from infra.local.functions_host.functions import EventHubTrigger

CONTEXT = {"IsCheckpointingAfterInvocation": True, "PartitionId": "0"}
# 2026-11-30T23:22:28.952Z in milliseconds.
ENQUEUED = 1_796_080_948_952


def trigger(**attributes: Any) -> EventHubTrigger:
    given = {"type": "eventHubTrigger", "name": "events", "eventHubName": "h", "connection": "E", **attributes}
    return EventHubTrigger.model_validate(given)


def event(number: int, offset: bytes, key: bytes | None = None, **message: Any) -> EventData:
    annotations: dict[str | bytes, Any] = {
        b"x-opt-sequence-number": number,
        b"x-opt-offset": offset,
        b"x-opt-enqueued-time": ENQUEUED,
    }
    if key is not None:
        annotations[b"x-opt-partition-key"] = key
    return EventData._from_message(Message(**{"data": [b"{}"], "message_annotations": annotations, **message}))


FIRST = event(
    0,
    b"64",
    b"key-1",
    properties=Properties(message_id=b"m-1", correlation_id=b"c-1", content_type=b"application/json"),
    application_properties={b"text": b"v", b"int": 5, b"dbl": 1.5, b"flag": True, b"bytes": b"\x00\x01\xff"},
)
SECOND = event(1, b"584")


@pytest.mark.observed(
    "metadata: contexts of the partition, twice",
    "metadata: properties, binaries as base64",
    "metadata: system properties with their annotations, the offset as a number and as a text",
    "metadata: times without a zone and without zeros at the end",
    "metadata: sequence numbers, offsets and keys as collections, absent keys left out",
    "metadata: texts and times among properties keep their types",
)
def test_the_metadata_of_a_batch() -> None:
    _, metadata = many(trigger(), [FIRST, SECOND], CONTEXT)
    assert metadata["PropertiesArray"].json == ('[{"text":"v","int":5,"dbl":1.5,"flag":true,"bytes":"AAH/"},{}]')
    assert metadata["SystemPropertiesArray"].json == (
        '[{"message-id":"m-1","correlation-id":"c-1","content-type":"application/json","x-opt-sequence-number":0,'
        '"x-opt-offset":"64","x-opt-enqueued-time":"2026-11-30T23:22:28.952+00:00","x-opt-partition-key":"key-1",'
        '"SequenceNumber":0,"Offset":64,"OffsetString":"64","PartitionKey":"key-1",'
        '"EnqueuedTimeUtc":"2026-11-30T23:22:28.952"},'
        '{"x-opt-sequence-number":1,"x-opt-offset":"584","x-opt-enqueued-time":"2026-11-30T23:22:28.952+00:00",'
        '"SequenceNumber":1,"Offset":584,"OffsetString":"584","PartitionKey":null,'
        '"EnqueuedTimeUtc":"2026-11-30T23:22:28.952"}]'
    )
    assert metadata["EnqueuedTimeUtcArray"].json == '["2026-11-30T23:22:28.952","2026-11-30T23:22:28.952"]'
    assert list(metadata["SequenceNumberArray"].collection_sint64.sint64) == [0, 1]
    for name in ("OffsetArray", "OffsetStringArray"):
        assert list(metadata[name].collection_string.string) == ["64", "584"]
    assert list(metadata["PartitionKeyArray"].collection_string.string) == ["key-1"], "absent keys are left out"
    assert metadata["PartitionContext"] == metadata["TriggerPartitionContext"]


@pytest.mark.observed("metadata: binary bodies as they are, texts without empty ones, others as JSON written anew")
def test_bodies_by_data_type() -> None:
    events = [event(0, b"1", data=[b'{"a": 1.50, "b": "\xc3\xa9"}']), event(1, b"2", data=[b""])]
    [(_, binary)], _ = many(trigger(dataType="binary"), events, CONTEXT)
    assert list(binary.collection_bytes.bytes) == [b'{"a": 1.50, "b": "\xc3\xa9"}', b""]
    [(_, texts)], _ = many(trigger(dataType="string"), events, CONTEXT)
    assert len(texts.collection_string.string) == 1, "an empty text is dropped"
    [(_, parsed)], _ = many(trigger(), events[:1], CONTEXT)
    assert parsed.json == '[{"a":1.5,"b":"é"}]'
    [(_, single)], metadata = one(
        trigger(cardinality="one", dataType="string"), event(2, b"3", data=[b"\xff"]), CONTEXT
    )
    assert (single.string, metadata["Offset"].string) == ("\ufffd", "3")


@pytest.mark.observed("events: what cannot be converted is retried by the policy, and the function never asked")
def test_other_bodies_than_data_cannot_be_converted() -> None:
    with pytest.raises(UnreadableEvent, match="has no data section"):
        many(trigger(dataType="binary"), [event(0, b"1", data=None, value="text")], CONTEXT)
    with pytest.raises(UnreadableEvent, match="not JSON"):
        many(trigger(), [event(0, b"1", data=[b"text"])], CONTEXT)


@pytest.mark.parametrize(
    ("value", "json"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), '"2026-01-02T03:04:05Z"'),
        (datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC), '"2026-01-02T03:04:05.678Z"'),
        (UUID(int=0), '"00000000-0000-0000-0000-000000000000"'),
        (timedelta(seconds=90), '"00:01:30"'),
        (timedelta(days=1, hours=6), '"1.06:00:00"'),
        (Decimal("1.5"), "1.5"),
        (math.nan, '"NaN"'),
        (-math.inf, '"-Infinity"'),
        ("é", '"é"'),
        ("\ud800", '"\ufffd"'),
        ([b"a", {b"b": None}], '["a",{"b":null}]'),
    ],
)
def test_values_as_json(value: object, json: str) -> None:
    assert to_json(plain(value)) == json
