"""Everything that an operator asks first, read at one moment."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from function_app.operator.connections import Store
from function_app.operator.ledger.reading import all_heads
from function_app.operator.standing.endpoints import Standing, standing
from shared.approvals import Approval
from shared.events import EndpointRef, Entity
from shared.ports import Brake, Head, Waiting

type Heads = Mapping[tuple[str, Entity], Head]
_MOST_PENDING = 200


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`stopped` says why not all of the ledger could be listed, empty when it could."""

    endpoints: Sequence[Standing]
    approvals: Sequence[Approval]
    brakes: Sequence[Brake]
    pending: Sequence[Waiting]
    stopped: str = ""


async def snapshot(store: Store) -> Snapshot:
    """Raises `Unavailable` or `Refused`."""
    (found, stopped), brakes, pending = await asyncio.gather(
        all_heads(store.ledger), store.brakes.engaged(), store.ledger.pending(_MOST_PENDING)
    )
    heads: Heads = {(service, entity): head for service, entity, head in found}
    endpoints = await _endpoints(store, heads)
    pending = sorted(pending, key=lambda waiting: waiting.since)
    return Snapshot(endpoints, open_approvals(heads), sorted(brakes, key=lambda brake: brake.since), pending, stopped)


async def _endpoints(store: Store, heads: Heads) -> Sequence[Standing]:
    """All that a service has ever decided about."""
    entities = sorted({entity for _, entity in heads if entity.kind == "endpoint"}, key=lambda each: (each.name, each))

    async def one(entity: Entity) -> Standing:
        endpoint = EndpointRef.from_entity(entity)
        manifest = await store.manifests.read(endpoint)
        return standing(endpoint, manifest, heads.get(("promotion", entity)), heads.get(("drift", entity)))

    return await asyncio.gather(*map(one, entities))


async def approvals_of(store: Store) -> Sequence[Approval]:
    """Raises `Unavailable`."""
    found, _ = await all_heads(store.ledger)
    return open_approvals({(service, entity): head for service, entity, head in found})


def open_approvals(heads: Heads) -> Sequence[Approval]:
    """From the approvals' own states, the oldest first; one that this build cannot read is left out."""
    found = []
    for (service, _), head in heads.items():
        asked = (head.state or {}).get("open") if service == "approvals" else None
        if asked is None:
            continue
        try:
            found.append(Approval.model_validate(asked))
        except ValidationError:
            continue
    return sorted(found, key=lambda approval: approval.opened_at)
