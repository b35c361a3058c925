"""Event Hubs events as the worker library receives them from the real host, in every shape, flaws included."""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

from azure.eventhub import EventData
from azure.eventhub.amqp import AmqpMessageBodyType
from azure_functions_runtime.bindings.datumdef import Datum

from infra.local.functions_host.functions import EventHubTrigger

Arguments = tuple[list[tuple[str, Datum]], dict[str, Datum]]


class UnreadableEvent(ValueError):
    """The event cannot be converted to what the function asks for; the real host fails the invocation."""


def many(trigger: EventHubTrigger, events: Sequence[EventData], partition_context: dict[str, Any]) -> Arguments:
    """Input and trigger metadata for a function that takes the whole batch. Raises `UnreadableEvent`."""
    keys = [key for key in map(_partition_key, events) if key]
    metadata = {
        "PartitionContext": _json(partition_context),
        "SystemPropertiesArray": _json([_system_properties(event) for event in events]),
        "PropertiesArray": _json([_properties(event) for event in events]),
        "EnqueuedTimeUtcArray": _json([_enqueued_time(event) for event in events]),
        "SequenceNumberArray": Datum(
            SimpleNamespace(sint64=[event.sequence_number for event in events]), "collection_sint64"
        ),
        "OffsetArray": _strings(str(event.offset) for event in events),
        # The real host drops empty texts from string collections, so this array may be shorter than the batch.
        "PartitionKeyArray": _strings(keys),
    }
    return [(trigger.name, _bodies(trigger, events))], metadata


def one(trigger: EventHubTrigger, event: EventData, partition_context: dict[str, Any]) -> Arguments:
    """Input and trigger metadata for a function that takes one event. Raises `UnreadableEvent`."""
    body = body_of(event)
    is_binary = trigger.data_type == "BINARY"
    data = Datum(body, "bytes") if is_binary else Datum(_text(body), "string")
    metadata = {
        "PartitionContext": _json(partition_context),
        "Offset": Datum(str(event.offset), "string"),
        "SequenceNumber": _json(event.sequence_number),
        "EnqueuedTimeUtc": _json(_enqueued_time(event)),
        "Properties": _json(_properties(event)),
        "SystemProperties": _json(_system_properties(event)),
    }
    if key := _partition_key(event):
        metadata["PartitionKey"] = Datum(key, "string")
    return [(trigger.name, data)], metadata


def body_of(event: EventData) -> bytes:
    """Raises `UnreadableEvent` for AMQP value and sequence bodies, which the real extension does not read either."""
    if event.body_type != AmqpMessageBodyType.DATA:
        raise UnreadableEvent(f"event {event.sequence_number} has no data section")
    return b"".join(cast(Iterable[bytes], event.body))


def _bodies(trigger: EventHubTrigger, events: Sequence[EventData]) -> Datum:
    return _BODIES.get(trigger.data_type, _json_bodies)([body_of(event) for event in events])


def _binary_bodies(bodies: list[bytes]) -> Datum:
    return Datum(SimpleNamespace(bytes=bodies), "collection_bytes")


def _string_bodies(bodies: list[bytes]) -> Datum:
    return _strings(text for body in bodies if (text := _text(body)))


def _json_bodies(bodies: list[bytes]) -> Datum:
    """Without a data type the host parses every body and writes it anew; other than JSON cannot be converted."""
    try:
        return _json([json.loads(body) for body in bodies])
    except ValueError as error:
        raise UnreadableEvent(f"not JSON, and the trigger declares no data type: {error}") from error


_BODIES: dict[str, Callable[[list[bytes]], Datum]] = {"BINARY": _binary_bodies, "STRING": _string_bodies}


def _text(body: bytes) -> str:
    return body.decode("utf-8", errors="replace")


def _system_properties(event: EventData) -> dict[str, Any]:
    named = {_plain(name): _plain(value) for name, value in event.system_properties.items()}
    if "x-opt-enqueued-time" in named:
        named["x-opt-enqueued-time"] = _moment(event).isoformat()
    named |= {
        "SequenceNumber": event.sequence_number,
        "Offset": str(event.offset),
        "PartitionKey": _partition_key(event),
        "EnqueuedTimeUtc": _enqueued_time(event),
    }
    return named


def _properties(event: EventData) -> dict[str, Any]:
    return {_plain(name): _plain(value) for name, value in (event.properties or {}).items()}


def _partition_key(event: EventData) -> str | None:
    key = event.partition_key
    return None if key is None else str(_plain(key))


def _enqueued_time(event: EventData) -> str:
    """As .NET writes a time of unspecified kind: no zone, trailing zeros of the fraction dropped."""
    moment = _moment(event)
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{moment.microsecond:06d}".rstrip("0") if moment.microsecond else text


def _moment(event: EventData) -> datetime:
    if event.enqueued_time is None:
        raise UnreadableEvent(f"event {event.sequence_number} has no enqueued time")
    return event.enqueued_time.astimezone(UTC)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def _json(value: Any) -> Datum:
    return Datum(json.dumps(value, separators=(",", ":"), default=str), "json")


def _strings(texts: Iterable[str]) -> Datum:
    return Datum(SimpleNamespace(string=list(texts)), "collection_string")
