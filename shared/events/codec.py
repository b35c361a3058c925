"""Events as messages, out and in: CloudEvents 1.0 in structured JSON. Nothing but `Unreadable` leaves a reader."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import takewhile
from typing import Any

from pydantic import ValidationError
from pydantic_core import to_json

from shared.events.border import Unreadable, optional_text, read_json, text
from shared.events.catalogue import upcast
from shared.events.event import Envelope, Event
from shared.events.fields import HORIZON, in_horizon, in_utc

CONTENT_TYPE = "application/cloudevents+json"
# Characters: an id and a chain are UUIDs where they are ours; a subject is workspace, kind and name.
_LONGEST_ID, _LONGEST_ADDRESS = 256, 2048
_VERSION = re.compile(r".*:([1-9][0-9]{0,3})", re.ASCII)


def to_cloud_event(envelope: Envelope[Any]) -> dict[str, Any]:
    """The structured-mode JSON object; absent extensions are left out."""
    return {**_frame(envelope), "data": envelope.data.model_dump(mode="json")}


def _frame(envelope: Envelope[Any]) -> dict[str, Any]:
    data, entity, time = envelope.data, envelope.data.entity, envelope.time
    if time.tzinfo is not UTC:
        time = time.astimezone(UTC)
    attributes = {
        "specversion": "1.0",
        "id": envelope.id,
        "source": envelope.source,
        "type": data.type,
        "subject": str(entity),
        "time": f"{time.isoformat()[:-6]}Z",
        "datacontenttype": "application/json",
        "dataschema": f"urn:sluice:{data.type}:{data.version}",
        "partitionkey": entity.partition_key,
        "correlationid": envelope.correlation_id,
    }
    if envelope.causation_id is not None:
        attributes["causationid"] = envelope.causation_id
    if envelope.traceparent is not None:
        attributes["traceparent"] = envelope.traceparent
    return attributes


def encode(envelope: Envelope[Any]) -> bytes:
    """The message body: not the canonical form but the fast one, for blocks of predictions are large and many."""
    return b'%b,"data":%b}' % (to_json(_frame(envelope))[:-1], envelope.data.as_json())


def parse(body: bytes | str) -> dict[str, Any]:
    """The JSON object in these bytes; raises `Unreadable`."""
    frame = read_json(body)
    if not isinstance(frame, dict):
        raise Unreadable(f"body: a JSON object is required, found {type(frame).__name__}")
    return frame


def decode(body: bytes | str, now: datetime | None = None) -> Envelope[Any]:
    """Read one of our events from a message body; raises `Unreadable` naming the field.

    With `now`, times further from it than `HORIZON` are refused; what is read back may be of any age.
    """
    return from_cloud_event(parse(body), now)


def from_cloud_event(frame: Mapping[str, Any], now: datetime | None = None) -> Envelope[Any]:
    """Read one of our events from its CloudEvents object, as `decode` does."""
    if frame.get("specversion") != "1.0":
        raise Unreadable("specversion: 1.0 is required")
    identity = text(frame, "id", _LONGEST_ID)
    optional_text(frame, "subject", _LONGEST_ADDRESS)
    optional_text(frame, "partitionkey", _LONGEST_ADDRESS)
    return Envelope(
        id=identity,
        source=text(frame, "source", _LONGEST_ADDRESS),
        time=_time(frame, now),
        data=_fact(frame, now),
        correlation_id=optional_text(frame, "correlationid", _LONGEST_ID) or identity,
        causation_id=optional_text(frame, "causationid", _LONGEST_ID),
        traceparent=optional_text(frame, "traceparent", _LONGEST_ID),
    )


def read_fact(frame: Mapping[str, Any]) -> Event:
    """The event alone, of a CloudEvents object whose other attributes nobody asks about; raises `Unreadable`."""
    return _fact(frame, None)


def _time(frame: Mapping[str, Any], now: datetime | None) -> datetime:
    try:
        moment = in_utc(datetime.fromisoformat(text(frame, "time", _LONGEST_ID)))
    except Unreadable:
        raise
    except ValueError as error:
        raise Unreadable(f"time: {error}") from error
    if not in_horizon(moment, now or moment):
        raise Unreadable(f"time: a time within {HORIZON.days} days of now is required")
    return moment


def _version(frame: Mapping[str, Any]) -> int:
    schema = optional_text(frame, "dataschema", _LONGEST_ADDRESS)
    if schema is None:
        return 1
    found = _VERSION.fullmatch(schema)
    if not found:
        raise Unreadable("dataschema: urn:sluice:<type>:<version> is required, with a version from 1 to 9999")
    return int(found[1])


def _fact(frame: Mapping[str, Any], now: datetime | None) -> Event:
    event_type, data = upcast(text(frame, "type", _LONGEST_ID), _version(frame), frame.get("data"))
    try:
        fact = event_type.model_validate(data, context={"now": now})
        about = fact.entity
    except ValidationError as error:
        raise Unreadable(_first(error)) from error
    except Exception as error:  # outside text: whatever an event makes of it
        raise Unreadable(f"data: {error}") from error
    # What escapes in an entity's text stood for may be anything.
    if len(str(about)) > _LONGEST_ADDRESS or not all(part.isprintable() and "\ufffd" not in part for part in about):
        raise Unreadable(f"data: what it is about is not at most {_LONGEST_ADDRESS} printable characters")
    return fact


# What pydantic calls a branch of a union stands in a location as well, behind the field.
_BRANCH = re.compile(r"(union|tuple|constrained|function)\b.*|float|int|str|bool")


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    field = ".".join(takewhile(lambda part: not _BRANCH.fullmatch(part), map(str, first["loc"])))
    return f"data.{field}: {first['msg']}" if field else f"data: {first['msg']}"
