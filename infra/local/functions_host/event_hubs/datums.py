"""Event Hubs events as the worker library receives them from the real host, in every shape, flaws included."""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, cast

from azure.eventhub import EventData
from azure.eventhub.amqp import AmqpMessageBodyType

from infra.local.functions_host.event_hubs.values import plain, to_json, zoneless
from infra.local.functions_host.functions import EventHubTrigger
from infra.local.functions_host.worker import TypedData
from infra.local.functions_host.worker_protocol import protos

Arguments = tuple[list[tuple[str, TypedData]], dict[str, TypedData]]


class UnreadableEvent(ValueError):
    """The event cannot be converted to what the function asks for; the real host fails the attempt."""


def many(trigger: EventHubTrigger, events: Sequence[EventData], partition_context: dict[str, Any]) -> Arguments:
    """Input and trigger metadata for a function that takes the whole batch. Raises `UnreadableEvent`."""
    offsets = _strings(str(event.offset) for event in events)
    numbers = protos.CollectionSInt64(sint64=[event.sequence_number for event in events])
    metadata = {
        **_contexts(partition_context),
        "SystemPropertiesArray": _json([_system_properties(event) for event in events]),
        "PropertiesArray": _json([plain(event.properties or {}) for event in events]),
        "EnqueuedTimeUtcArray": _json([zoneless(_enqueued(event)) for event in events]),
        "SequenceNumberArray": protos.TypedData(collection_sint64=numbers),
        "OffsetArray": offsets,
        "OffsetStringArray": offsets,
        # The real host drops empty texts from string collections, so this array may be shorter than the batch.
        "PartitionKeyArray": _strings(key for event in events if (key := _partition_key(event))),
    }
    return [(trigger.name, _bodies(trigger, events))], metadata


def one(trigger: EventHubTrigger, event: EventData, partition_context: dict[str, Any]) -> Arguments:
    """Input and trigger metadata for a function that takes one event. Raises `UnreadableEvent`."""
    body, offset = body_of(event), protos.TypedData(string=str(event.offset))
    is_binary = trigger.data_type == "BINARY"
    metadata = {
        **_contexts(partition_context),
        "Offset": offset,
        "OffsetString": offset,
        "SequenceNumber": _json(event.sequence_number),
        "EnqueuedTimeUtc": _json(zoneless(_enqueued(event))),
        "Properties": _json(plain(event.properties or {})),
        "SystemProperties": _json(_system_properties(event)),
    }
    if key := _partition_key(event):
        metadata["PartitionKey"] = protos.TypedData(string=key)
    data = protos.TypedData(bytes=body) if is_binary else protos.TypedData(string=_text(body))
    return [(trigger.name, data)], metadata


def body_of(event: EventData) -> bytes:
    """Raises `UnreadableEvent` for AMQP value and sequence bodies, which the real extension does not read either."""
    if event.body_type != AmqpMessageBodyType.DATA:
        raise UnreadableEvent(f"event {event.sequence_number} has no data section")
    return b"".join(cast(Iterable[bytes], event.body))


def _contexts(partition_context: dict[str, Any]) -> dict[str, TypedData]:
    context = _json(partition_context)
    return {"PartitionContext": context, "TriggerPartitionContext": context}


def _bodies(trigger: EventHubTrigger, events: Sequence[EventData]) -> TypedData:
    return _BODIES.get(trigger.data_type, _json_bodies)([body_of(event) for event in events])


def _binary_bodies(bodies: list[bytes]) -> TypedData:
    return protos.TypedData(collection_bytes=protos.CollectionBytes(bytes=bodies))


def _string_bodies(bodies: list[bytes]) -> TypedData:
    return _strings(text for body in bodies if (text := _text(body)))


def _json_bodies(bodies: list[bytes]) -> TypedData:
    """Without a data type the host parses every body and writes it anew; other than JSON cannot be converted."""
    try:
        return _json([json.loads(body) for body in bodies])
    except ValueError as error:
        raise UnreadableEvent(f"not JSON, and the trigger declares no data type: {error}") from error


_BODIES: dict[str, Callable[[list[bytes]], TypedData]] = {"BINARY": _binary_bodies, "STRING": _string_bodies}


def _text(body: bytes) -> str:
    return body.decode("utf-8", errors="replace")


def _system_properties(event: EventData) -> dict[str, Any]:
    named: dict[str, Any] = plain(event.system_properties)
    moment, offset = zoneless(_enqueued(event)), str(event.offset)
    if "x-opt-enqueued-time" in named:
        named["x-opt-enqueued-time"] = f"{moment}+00:00"
    return named | {
        "SequenceNumber": event.sequence_number,
        # A geo-replicated namespace's offsets are no numbers.
        "Offset": int(offset) if offset.isdecimal() else offset,
        "OffsetString": offset,
        "PartitionKey": _partition_key(event),
        "EnqueuedTimeUtc": moment,
    }


def _partition_key(event: EventData) -> str | None:
    key = event.partition_key
    return None if key is None else str(plain(key))


def _enqueued(event: EventData) -> datetime:
    if event.enqueued_time is None:
        raise UnreadableEvent(f"event {event.sequence_number} has no enqueued time")
    return event.enqueued_time


def _json(value: Any) -> TypedData:
    return protos.TypedData(json=to_json(value))


def _strings(texts: Iterable[str]) -> TypedData:
    return protos.TypedData(collection_string=protos.CollectionString(string=list(texts)))
