"""The one shape of every fact: an `Event` says what happened, its `Envelope` is the CloudEvents 1.0 frame around it.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md; `source` + `id` identify an event for ever.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal, Self
from uuid import UUID, uuid5

from pydantic_core import to_json

from shared.events.announcement import Announcement
from shared.events.entity import Entity
from shared.events.fields import Part

type Hub = Literal["inbound", "events", "decisions", "predictions", "labels", "dead-letter"]
# The same data as of the next version. Raises whatever it likes for data that was never of its own version.
type Upcaster = Callable[[Mapping[str, Any]], Mapping[str, Any]]

SOURCE = "/sluice"
# Made once: `json.dumps` makes one at every call that asks for anything but its defaults.
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
_IDS = UUID("6f6f1d5c-5a0e-4b53-8d36-0b7a4c1f3b7e")


class Event(Part):
    """Base of every fact in the catalogue. Subclasses set `type` (`mlops.<subject>.<participle>`) and `version`.

    `carried_by` is the only hub that may carry it. `upcasters` has an entry for each version before the present one.
    """

    type: ClassVar[str]
    version: ClassVar[int] = 1
    carried_by: ClassVar[Hub] = "events"
    upcasters: ClassVar[Mapping[int, Upcaster]] = {}

    @property
    def entity(self) -> Entity:
        """What this is about; also the partition key."""
        raise NotImplementedError

    def concerns(self, service: str) -> Entity | None:
        """What a service decides about when it hears of this; None where it is meant for another one."""
        return self.entity

    def notice(self) -> Announcement | None:
        """What people should hear of it; None where they need not."""
        return None

    def words(self) -> tuple[str, ...]:
        """What it says besides its type and entity, for one line of a story or a stream; empty parts are left out."""
        said = self.notice()
        return (said.title,) if said else ()

    def reply(self) -> str:
        """What it says to whoever ordered it; empty where its type and words say it."""
        return ""

    def as_json(self) -> bytes:
        """A producer that holds its data as arrays may write it from those."""
        return to_json(self)


class Addressed(Event):
    """Base of what is meant for one service alone, which it names."""

    service: str

    def concerns(self, service: str) -> Entity | None:
        return self.entity if service == self.service else None


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
    return _CANONICAL.encode(value).encode()
