"""Modes and brakes (F25): what is decided may be held, recorded but not done, until somebody says so.

A held decision leaves the state as it was: nothing has happened. Bookkeeping (reminders, evidence) is done all the
same, since a needless reminder is a no-op by state; and a reminder whose decision was held comes again, so that what
was under way when a brake was engaged goes on by itself after it.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, Self

from shared.approvals import Exhibit, Exhibits
from shared.events import (
    ActionApproved,
    ActionDeclined,
    ActionFailed,
    ActionObserved,
    ActionProposed,
    ActionSuperseded,
    DeadlineReached,
    Digest,
    EndpointRef,
    Entity,
    Event,
    JobEnded,
    canonical,
)
from shared.events.brakes import ALL
from shared.policies import PolicyDocument
from shared.ports import Brake, Entry
from shared.reactor.effects import Effect, KeepEvidence, Publish, RemindAt
from shared.reactor.recording import write_effect
from shared.reactor.service import Decision, Service, State
from shared.reactor.wiring import effect_of

COMES_AGAIN = timedelta(seconds=60)
# What ends something that a person has let begin is not asked about again.
_FOLLOWS_THROUGH = (DeadlineReached, JobEnded, ActionFailed, ActionSuperseded, ActionApproved, ActionDeclined)


@dataclass(frozen=True, slots=True)
class Hold:
    mode: Literal["observe", "propose"]
    why: str

    def recorded(self) -> dict[str, Any]:
        return {"held": {"mode": self.mode, "why": self.why}}

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Self | None:
        """What the record says: whoever finds it does not ask again."""
        held = facts.get("held")
        return cls(held["mode"], held["why"]) if held else None


def scope_of(event: Event, entity: Entity, policy: PolicyDocument) -> Entity:
    """Whose limits and whose brake concern it: the event's endpoint, the one that a model or a file is for, or itself.

    A thing of any other kind, a subscription or a registry, is its own scope.
    """
    named = getattr(event, "endpoint", None)
    if isinstance(named, EndpointRef):
        return named.entity
    if entity.kind == "file" and ":" in entity.name:
        return Entity.of(entity.workspace, "endpoint", entity.name.partition(":")[0])
    return (policy.served_by(entity.name.partition(":")[0]) if entity.kind == "model" else None) or entity


def hold(
    service: Service, event: Event, entity: Entity, decision: Decision[Any], policy: PolicyDocument,
    brakes: Sequence[Brake],
) -> Hold | None:  # fmt: skip
    """None when it acts. A brake comes before every mode."""
    if not service.may_be_held or all([effect.bookkeeping for effect in decision.effects]):
        return None
    scope = scope_of(event, entity, policy)
    if brakes and (brake := _brake_on(brakes, {entity, event.entity, scope})):
        return Hold("observe", f"paused by {brake.operator}: {brake.reason}")
    reaction = service.reactions.get(type(event))
    if reaction and reaction.any_mode:
        return None
    mode = policy.mode(service.name, scope)
    if mode == "observe":
        return Hold("observe", f"policy: modes.{service.name} is observe")
    if mode == "propose" and not isinstance(event, _FOLLOWS_THROUGH):
        return Hold("propose", f"policy: modes.{service.name} is propose")
    return None


def _brake_on(brakes: Sequence[Brake], things: Iterable[Entity]) -> Brake | None:
    """The first that holds one of them."""
    scopes = {ALL, *map(str, things)}
    return next((brake for brake in brakes if brake.scope in scopes), None)


def held(state: State, event: Event, decision: Decision[Any], now: datetime, hold: Hold) -> Decision[Any]:
    """The decision as it is recorded when it is held. Whoever is asked is shown what it is about."""
    again = [RemindAt(about=event.key, at=now + COMES_AGAIN)] if isinstance(event, DeadlineReached) else []
    records = [write_effect(effect) for effect in decision.effects]
    shown = [KeepEvidence(body=_exhibits(event, records).body())] if hold.mode == "propose" else []
    return Decision(state, [*decision.effects, *again, *shown])


def _exhibits(event: Event, records: Sequence[Mapping[str, Any]]) -> Exhibits:
    return Exhibits(because=(Exhibit.of_event(event),), would=tuple(_exhibit(record) for record in worldly(records)))


def _exhibit(record: Mapping[str, Any]) -> Exhibit:
    """Of what would be published the event, of anything else the effect."""
    if record["kind"] != Publish.kind:
        return Exhibit.model_validate(record)
    event = record["data"]["event"]
    return Exhibit(kind=event["type"], version=event["version"], data=event["data"])


def is_bookkeeping(record: Mapping[str, Any]) -> bool:
    effect = effect_of(record["kind"])
    return bool(effect and effect.bookkeeping)


def worldly(records: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """What a person is asked about: the effects without bookkeeping, whose times are of the moment of doing."""
    return [record for record in records if not is_bookkeeping(record)]


def digest_of(records: Sequence[Mapping[str, Any]]) -> str:
    return hashlib.sha256(canonical(worldly(records))).hexdigest()


def digest_of_effects(effects: Sequence[Effect]) -> str:
    return digest_of([write_effect(effect) for effect in effects])


def would(records: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """In short words, one for each effect."""
    return tuple(_words(record) for record in worldly(records))


def _words(record: Mapping[str, Any]) -> str:
    kind = str(record["kind"])
    return f"{kind} {record['data']['event']['type']}" if kind == Publish.kind else kind


def announcement(entry: Entry, event: Event, hold: Hold, policy: PolicyDocument) -> ActionObserved | ActionProposed:
    """What would have been done: for those who watch, or for a person to say yes to."""
    what: dict[str, Any] = {"service": entry.service, "about": str(entry.entity), "decision": entry.event_id}
    words = would(entry.effects)
    if hold.mode == "observe":
        return ActionObserved(**what, why=hold.why, would=words)
    return ActionProposed(
        **what,
        scope=str(scope_of(event, entry.entity, policy)),
        because=event.type,
        would=words,
        digest=digest_of(entry.effects),
        proposed_at=entry.decided_at,
        packages=packages_of(entry),
        requested_by=str(getattr(event, "requested_by", "")),
        evidence=_kept(_exhibits(event, entry.effects), entry),
    )


def _kept(exhibits: Exhibits, entry: Entry) -> Digest | None:
    """Their digest; None in a decision of an earlier build, which did not keep them."""
    records = [record["data"] for record in entry.effects if record["kind"] == KeepEvidence.kind]
    digest = hashlib.sha256(exhibits.body()).hexdigest()
    return digest if digest in {KeepEvidence.model_validate(each).digest for each in records} else None


def packages_of(entry: Entry) -> tuple[Digest, ...]:
    """What is decided about, by digest: the packages that its event and the events it would publish are about."""
    published = [record["data"]["event"] for record in entry.effects if record["kind"] == Publish.kind]
    named = [event["data"].get(name) for event in (entry.event, *published) for name in ("candidate", "package")]
    return tuple(dict.fromkeys(package["digest"] for package in named if isinstance(package, Mapping)))
