"""Decisions as ledger entries: what the hash covers, and how effects become data and data effects."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from shared.events import Entity, Envelope, canonical, to_cloud_event
from shared.ports import Entry, Head, Mark
from shared.reactor.effects import Effect
from shared.reactor.other_builds import OtherBuild
from shared.reactor.service import Decision, Facts
from shared.reactor.wiring import effect_of


def entry_hash(fields: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical(fields)).hexdigest()


def hashed_fields(entry: Entry) -> dict[str, Any]:
    """All that the hash covers: everything in the entry but the hash itself."""
    return {
        "service": entry.service,
        "entity": str(entry.entity),
        "event_id": entry.event_id,
        "position": entry.position,
        "decided_at": entry.decided_at.isoformat(),
        "event": entry.event,
        "facts": entry.facts,
        "policy": entry.policy,
        "state": entry.state,
        "effects": list(entry.effects),
        "previous": entry.previous,
    }


def is_intact(entry: Entry) -> bool:
    return entry_hash(hashed_fields(entry)) == entry.hash


def link(entry: Entry, marks: Mapping[int, Mark]) -> str:
    """What the next entry follows once this one is settled: its hash, and with it what became of its effects."""
    if not marks:
        return entry.hash
    became = [[index, marks[index].outcome, marks[index].reason] for index in sorted(marks)]
    return entry_hash({"entry": entry.hash, "marks": became})


def write_entry(
    service: str, entity: Entity, head: Head, envelope: Envelope[Any], facts: Facts[Any],
    policy: str, decision: Decision[Any], more: Mapping[str, Any] | None = None,
) -> Entry:  # fmt: skip
    """The next entry of the chain that ends in `head`; `more` are facts of the reactor's own."""
    effects = [write_effect(effect) for effect in decision.effects]
    known = {"known": facts.known.model_dump(mode="json"), **(more or {})}
    state = decision.state.model_dump(mode="json")
    return _entry(service, entity, head, to_cloud_event(envelope), facts.now, known, policy, state, effects)


def write_given_up(
    service: str, entity: Entity, head: Head, event: Mapping[str, Any], now: datetime, policy: str, reason: str
) -> Entry:
    """The entry of an event that nothing was decided about; the state stays as it is, readable or not."""
    return _entry(service, entity, head, event, now, {"known": {}, "given_up": reason}, policy, head.state, [])


def _entry(
    service: str, entity: Entity, head: Head, event: Mapping[str, Any], now: datetime, facts: Mapping[str, Any],
    policy: str, state: Mapping[str, Any] | None, effects: Sequence[Mapping[str, Any]],
) -> Entry:  # fmt: skip
    fields: dict[str, Any] = {
        "service": service,
        "entity": str(entity),
        "event_id": event["id"],
        "position": head.length,
        "decided_at": now.isoformat(),
        "event": event,
        "facts": {"now": now.isoformat(), **facts},
        "policy": policy,
        "state": state,
        "effects": effects,
        "previous": head.hash,
    }
    return Entry(**{**fields, "entity": entity, "decided_at": now, "hash": entry_hash(fields)})


def write_effect(effect: Effect) -> dict[str, Any]:
    return {"kind": effect.kind, "version": effect.version, "data": effect.model_dump(mode="json")}


class UnknownEffect(OtherBuild):
    """Only a newer build knows this effect."""


def read_effect(record: Mapping[str, Any]) -> Any:
    """The effect, ready to be performed; raises `UnknownEffect`."""
    effect = effect_of(record["kind"])
    if effect is None or record["version"] > effect.version:
        raise UnknownEffect(f"this build does not know effect {record['kind']} version {record['version']}")
    return effect.model_validate(record["data"])
