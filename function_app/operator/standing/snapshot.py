"""Everything that an operator asks first, read at one moment."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from function_app.operator.connections import Store
from function_app.operator.ledger.reading import all_heads
from function_app.operator.standing.endpoints import Standing, standing
from function_app.operator.standing.unmeasured import Unmeasured, unmeasured
from shared.approvals import Approval
from shared.events import EndpointRef, Entity
from shared.policies import InvalidPolicy, PolicyDocument
from shared.ports import Brake, Head, Refused, Unavailable, Waiting

type Heads = Mapping[tuple[str, Entity], Head]
_MOST_PENDING = 200


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`unread` says what could not be read, and why."""

    endpoints: Sequence[Standing]
    approvals: Sequence[Approval]
    brakes: Sequence[Brake]
    pending: Sequence[Waiting]
    unread: Sequence[str] = ()


async def snapshot(store: Store) -> Snapshot:
    """Raises `Unavailable` or `Refused`."""
    (found, stopped), brakes, pending = await asyncio.gather(
        all_heads(store.ledger), store.brakes.engaged(), store.ledger.pending(_MOST_PENDING)
    )
    heads: Heads = {(service, entity): head for service, entity, head in found}
    listed, unlisted = await _listed(store)
    endpoints, uncounted = await _endpoints(store, heads, listed)
    pending = sorted(pending, key=lambda waiting: waiting.since)
    broken = f"not all of the ledger can be read: {stopped}; see `sluice ledger verify`" if stopped else ""
    unread = [reason for reason in (broken, unlisted, uncounted) if reason]
    return Snapshot(endpoints, open_approvals(heads), sorted(brakes, key=lambda brake: brake.since), pending, unread)


async def _endpoints(store: Store, heads: Heads, listed: Collection[EndpointRef]) -> tuple[Sequence[Standing], str]:
    """Those of the policy in force, and all that a service has ever decided about; why not all of it is known."""
    decided = {entity for _, entity in heads if entity.kind == "endpoint"}
    found = {each.entity: each for each in (*map(EndpointRef.from_entity, decided), *listed)}
    missed, uncounted = await _unmeasured(store, found)

    async def one(entity: Entity) -> Standing:
        manifest = await store.manifests.read(found[entity])
        promotion, drift = heads.get(("promotion", entity)), heads.get(("drift", entity))
        counts = missed.get(entity, ())
        return standing(found[entity], manifest, promotion, drift, decided=entity in decided, unmeasured=counts)

    return await asyncio.gather(*map(one, sorted(found, key=lambda each: (each.name, each)))), uncounted


async def _unmeasured(store: Store, endpoints: Collection[Entity]) -> tuple[Mapping[Entity, Sequence[Unmeasured]], str]:
    try:
        return await unmeasured(store.folds, endpoints), ""
    except (Refused, Unavailable) as error:
        return {}, f"which rows were not measured cannot be read: {error}"


async def _listed(store: Store) -> tuple[list[EndpointRef], str]:
    """The endpoints of the policy in force, and why they are not to be had ("" when they are)."""
    last = await store.policies.last()
    if last is None:
        return [], ""
    try:
        document = PolicyDocument.model_validate_json(await store.evidence.read(last.digest))
        return [document.endpoint_ref(name) for name in document.endpoints], ""
    except (Refused, ValidationError, InvalidPolicy) as error:
        return [], f"the policy in force cannot be read: {error}"


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
