"""Decisions as ledger entries: what the hash covers, and how effects become data and data effects."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shared.events import Entity, Envelope, canonical, to_cloud_event
from shared.ports import Entry, Head, Unavailable
from shared.reactor.effects import Effect
from shared.reactor.service import Decision, Facts
from shared.reactor.wiring import effect_kinds


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


def write_entry(
    service: str, entity: Entity, head: Head, envelope: Envelope[Any], facts: Facts[Any],
    policy: str, decision: Decision[Any], more: Mapping[str, Any] | None = None,
) -> Entry:  # fmt: skip
    """The next entry of the chain that ends in `head`; `more` are facts of the reactor's own."""
    event = to_cloud_event(envelope)
    fields: dict[str, Any] = {
        "service": service,
        "entity": str(entity),
        "event_id": event["id"],
        "position": head.length,
        "decided_at": facts.now.isoformat(),
        "event": event,
        "facts": {"now": facts.now.isoformat(), "known": facts.known.model_dump(mode="json"), **(more or {})},
        "policy": policy,
        "state": decision.state.model_dump(mode="json"),
        "effects": [write_effect(effect) for effect in decision.effects],
        "previous": head.hash,
    }
    proper = {**fields, "entity": entity, "decided_at": datetime.fromisoformat(fields["decided_at"])}
    return Entry(**proper, hash=entry_hash(fields))


def write_effect(effect: Effect) -> dict[str, Any]:
    return {"kind": effect.kind, "version": effect.version, "data": effect.model_dump(mode="json")}


class UnknownEffect(Unavailable):
    """Only a newer build knows this effect: patience with it has no end, for it must not be given up."""


def read_effect(record: Mapping[str, Any]) -> Any:
    """The effect, ready to be performed; raises `UnknownEffect`."""
    effect = effect_kinds().get(record["kind"])
    if effect is None or record["version"] > effect.version:
        raise UnknownEffect(f"this build does not know effect {record['kind']} version {record['version']}")
    return effect.model_validate(record["data"])
