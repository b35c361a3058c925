"""The one shape of every fact: an `Event` says what happened, its `Envelope` is the CloudEvents 1.0 frame around it.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md; `source` + `id` identify an event for ever.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Self
from uuid import UUID, uuid5

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import to_json

from shared.events.entity import Entity

SOURCE = "/sluice"
CONTENT_TYPE = "application/cloudevents+json"
_IDS = UUID("6f6f1d5c-5a0e-4b53-8d36-0b7a4c1f3b7e")


class Unreadable(ValueError):
    """These bytes are not one of our events, and never will be; the message names the field."""


class Event(BaseModel):
    """Base of every fact in the catalogue. Subclasses set `type` (`mlops.<subject>.<participle>`) and `version`."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    type: ClassVar[str]
    version: ClassVar[int] = 1

    @property
    def entity(self) -> Entity:
        """What this is about; also the partition key."""
        raise NotImplementedError

    def as_json(self) -> bytes:
        """A producer that holds its data as arrays may write it from those."""
        return to_json(self)


@dataclass(frozen=True, slots=True)
class Envelope[E: Event]:
    """An event on the wire. `correlation_id` names the chain, `causation_id` the event that led to this one."""

    id: str
    source: str
    time: datetime
    data: E
    correlation_id: str
    causation_id: str | None = None
    traceparent: str | None = None

    @classmethod
    def first(cls, data: E, *, id: str, source: str, time: datetime) -> Self:
        """The first event of a chain: its own id names the chain."""
        return cls(id=id, source=source, time=time, data=data, correlation_id=id)

    def follow_up[F: Event](self, data: F, *, time: datetime, by: str, key: str | int) -> "Envelope[F]":
        """What `by` concluded from this event. The id is derived, so a repeat is recognisably the same event."""
        return Envelope(
            id=derive_id(self.id, by, str(key)),
            source=f"{SOURCE}/{by}",
            time=time,
            data=data,
            correlation_id=self.correlation_id,
            causation_id=self.id,
            traceparent=self.traceparent,
        )


def derive_id(*parts: str) -> str:
    """The same parts give the same id, on every machine and in every year."""
    return str(uuid5(_IDS, "\x1f".join(parts)))


def canonical(value: object) -> bytes:
    """JSON with sorted keys and no spaces: what digests are taken over."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def to_cloud_event(envelope: Envelope[Any]) -> dict[str, Any]:
    """The structured-mode JSON object; absent extensions are left out."""
    return {**_frame(envelope), "data": envelope.data.model_dump(mode="json")}


def _frame(envelope: Envelope[Any]) -> dict[str, Any]:
    data = envelope.data
    attributes = {
        "specversion": "1.0",
        "id": envelope.id,
        "source": envelope.source,
        "type": data.type,
        "subject": str(data.entity),
        "time": envelope.time.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "dataschema": f"urn:sluice:{data.type}:{data.version}",
        "partitionkey": str(data.entity),
        "correlationid": envelope.correlation_id,
        "causationid": envelope.causation_id,
        "traceparent": envelope.traceparent,
    }
    return {name: value for name, value in attributes.items() if value is not None}


def encode(envelope: Envelope[Any]) -> bytes:
    """The message body: not the canonical form but the fast one, for blocks of predictions are large and many."""
    return b'%b,"data":%b}' % (to_json(_frame(envelope))[:-1], envelope.data.as_json())


def _text(frame: Mapping[str, Any], name: str) -> str:
    value = frame.get(name)
    if not isinstance(value, str) or not value:
        raise Unreadable(f"{name}: a non-empty text is required")
    return value


def _time(frame: Mapping[str, Any]) -> datetime:
    try:
        moment = datetime.fromisoformat(_text(frame, "time"))
    except ValueError as error:
        raise Unreadable(f"time: {error}") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _version(frame: Mapping[str, Any]) -> int:
    schema = str(frame.get("dataschema", ""))
    tail = schema.rpartition(":")[2]
    return int(tail) if tail.isdecimal() else 1


def parse(body: bytes | str) -> dict[str, Any]:
    """The JSON object in these bytes; raises `Unreadable`."""
    try:
        frame = json.loads(body)
    except (ValueError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"body: not JSON ({error})") from error
    if not isinstance(frame, dict):
        raise Unreadable(f"body: a JSON object is required, found {type(frame).__name__}")
    return frame


def from_cloud_event(frame: Mapping[str, Any]) -> Envelope[Any]:
    """Read one of our events from its CloudEvents object; raises `Unreadable` naming the field."""
    from shared.events.catalogue import upcast

    if frame.get("specversion") != "1.0":
        raise Unreadable("specversion: 1.0 is required")
    event_type, data = upcast(_text(frame, "type"), _version(frame), frame.get("data"))
    try:
        fact = event_type.model_validate(data)
        fact.entity  # noqa: B018 - an entity that cannot be derived makes the event unreadable here, not later
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise Unreadable(f"data.{field}: {first['msg']}") from error
    except ValueError as error:
        raise Unreadable(f"data: {error}") from error
    identity = _text(frame, "id")
    return Envelope(
        id=identity,
        source=_text(frame, "source"),
        time=_time(frame),
        data=fact,
        correlation_id=str(frame.get("correlationid") or identity),
        causation_id=frame.get("causationid"),
        traceparent=frame.get("traceparent"),
    )


def decode(body: bytes | str) -> Envelope[Any]:
    """Read one of our events from a message body; raises `Unreadable`."""
    return from_cloud_event(parse(body))
