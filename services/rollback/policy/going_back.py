"""From a bad version to the one before it: swap once, believe the proofs, and call a person when they do not come."""

from datetime import datetime, timedelta

from services.rollback.limits import RollbackLimits
from services.rollback.policy.judging import judge
from services.rollback.policy.state import REMEMBERED, Live, Ordered, Rollback, Serving
from services.rollback.policy.target import WayBack, alone, by_order, from_package
from shared.events import (
    ActionFailed,
    ActionSuperseded,
    ApprovalGranted,
    CommandRefused,
    DeadlineReached,
    RollbackFailed,
    RollbackOrdered,
    RollbackRequested,
    RollbackStarted,
    RollbackSuperseded,
)
from shared.packages import Rehearsal
from shared.policies import GoldenLimits, PolicyDocument
from shared.ports import Manifest
from shared.reactor import Decision, Effect, Facts, Known, Publish, RemindAt
from shared.serving import SwapManifest

LOOK = "look"


def decide_granted(
    state: Rollback, facts: Facts[Known], event: ApprovalGranted, policy: PolicyDocument
) -> Decision[Rollback]:
    """Remember where it is written how the way back from this package was rehearsed."""
    digest = event.candidate.digest
    approved = {name: evidence for name, evidence in state.approved.items() if name != digest}
    update = {
        "approved": dict([*approved.items(), (digest, event.evidence)][-REMEMBERED:]),
        "withdrawn": tuple(each for each in state.withdrawn if each != digest),
    }
    return Decision(state.model_copy(update=update))


def decide_requested(
    state: Rollback, facts: Facts[Serving], event: RollbackRequested, policy: PolicyDocument
) -> Decision[Rollback]:
    """Only the generation that was found wanting is undone, and only if that package serves in it."""
    manifest = facts.known.manifest
    if manifest.generation != event.generation:
        return _superseded(state, event, f"generation {manifest.generation} is current, not {event.generation}", facts)
    if event.package not in [route.package for route in manifest.routes]:
        return _superseded(state, event, f"{event.package.model} does not serve", facts)
    way = from_package(manifest, event.package, state.withdrawn)
    return _go(state, facts, way, event.reason, event.requested_by, policy)


def decide_ordered(
    state: Rollback, facts: Facts[Ordered], event: RollbackOrdered, policy: PolicyDocument
) -> Decision[Rollback]:
    """Two people may order at once: the second finds the first one's rollback under way, and changes nothing."""
    if facts.known.forged:
        return Decision(state, [Publish(event=CommandRefused(
            command=event.type, about=str(event.entity), operator=event.operator, refusal=facts.known.forged,
        ))])  # fmt: skip
    if state.status == "waiting" and _is_current(state, facts.known.manifest):
        return _superseded(state, event, f"generation {state.generation} is on its way back already", facts)
    way = by_order(facts.known.manifest, state.withdrawn, list(state.approved))
    return _go(state, facts, way, event.reason, event.operator, policy)


def _superseded(
    state: Rollback, event: RollbackRequested | RollbackOrdered, reason: str, facts: Facts[Serving]
) -> Decision[Rollback]:
    package = event.package if isinstance(event, RollbackRequested) else None
    by = event.requested_by if isinstance(event, RollbackRequested) else event.operator
    generation = facts.known.manifest.generation
    fact = RollbackSuperseded(
        endpoint=event.endpoint, package=package, generation=generation, reason=reason, requested_by=by
    )
    return Decision(state, [Publish(event=fact)])


def _go(
    state: Rollback, facts: Facts[Serving], way: WayBack, reason: str, requested_by: str, policy: PolicyDocument
) -> Decision[Rollback]:
    manifest = facts.known.manifest
    if way.problem or way.package is None:
        failed = RollbackFailed(
            endpoint=manifest.endpoint, package=way.package, generation=manifest.generation,
            reason=f"nothing was changed: {way.problem}", requested_by=requested_by,
        )  # fmt: skip
        return Decision(state, [Publish(event=failed)])
    going = Rollback(
        status="waiting", package=way.package, route=way.route, generation=manifest.generation + 1, reason=reason,
        requested_by=requested_by, started_at=facts.now, decision=facts.event_id,
        rehearsal=_rehearsal(facts.known, way), approved=state.approved,
        withdrawn=tuple(dict.fromkeys((*state.withdrawn, way.package.digest)))[-REMEMBERED:],
    )  # fmt: skip
    effects: list[Effect] = [SwapManifest(manifest=_after(manifest, way)), Publish(event=_started(going, manifest))]
    if state.status == "waiting":
        effects.append(Publish(event=_overtaken(state, manifest, f"{requested_by} ordered another way back")))
    return Decision(going, [*effects, _look(facts.now, manifest, policy)])


def _after(manifest: Manifest, way: WayBack) -> Manifest:
    """What is taken away stays known as what served before, so that instances keep it warm for a while."""
    taken = next(alone(route) for route in manifest.routes if route.package == way.package)
    routes = (way.route,) if way.route else ()
    return Manifest(endpoint=manifest.endpoint, generation=manifest.generation + 1, routes=routes, previous=taken)


def _started(going: Rollback, manifest: Manifest) -> RollbackStarted:
    return RollbackStarted(
        endpoint=manifest.endpoint, package=going.package, restored=going.route.package if going.route else None,
        generation=going.generation, reason=going.reason, requested_by=going.requested_by,
    )  # fmt: skip


def _rehearsal(known: Serving, way: WayBack) -> Rehearsal | None:
    """How this very way back was rehearsed: from that package to this one."""
    found = known.rehearsals.get(way.package.digest) if way.package else None
    return found if found and way.route and found.package == way.route.package else None


def _look(now: datetime, manifest: Manifest, policy: PolicyDocument) -> RemindAt:
    pause_s = policy.section(RollbackLimits, manifest.endpoint).look_every_s
    return RemindAt(about=LOOK, at=now + timedelta(seconds=pause_s))


def decide_look(
    state: Rollback, facts: Facts[Live], event: DeadlineReached, policy: PolicyDocument
) -> Decision[Rollback]:
    """Done when all live instances have proved it; a person's turn when one cannot, or when time is up."""
    if state.status != "waiting" or state.package is None or state.started_at is None:
        return Decision(state)
    manifest = facts.known.manifest
    if manifest.generation >= state.generation and not _is_current(state, manifest):
        reason = "another generation became current meanwhile"
        return Decision(state.at_rest, [Publish(event=_overtaken(state, manifest, reason))])
    limits = policy.section(RollbackLimits, manifest.endpoint)
    tolerance = policy.section(GoldenLimits, manifest.endpoint).tolerance
    end = judge(state, facts.known, facts.now, limits, tolerance)
    if end is None:
        return Decision(state, [_look(facts.now, manifest, policy)])
    return Decision(state.at_rest, [Publish(event=end)])


def _is_current(state: Rollback, manifest: Manifest) -> bool:
    """Whether the world is at our generation, written by us: a race may have put another package at the same one."""
    package = state.route.package if state.route else None
    return (manifest.generation, manifest.current) == (state.generation, package)


def _overtaken(state: Rollback, manifest: Manifest, reason: str) -> RollbackSuperseded:
    return RollbackSuperseded(
        endpoint=manifest.endpoint, package=state.package, generation=manifest.generation, reason=reason,
        requested_by=state.requested_by,
    )  # fmt: skip


def decide_not_performed(
    state: Rollback, facts: Facts[Serving], event: ActionFailed | ActionSuperseded, policy: PolicyDocument
) -> Decision[Rollback]:
    """A swap that did not happen ends the rollback. After one that did, or for an earlier decision, we look again."""
    if state.status != "waiting" or state.package is None:
        return Decision(state)
    manifest = facts.known.manifest
    if _is_current(state, manifest) or event.decision != state.decision:
        return Decision(state, [_look(facts.now, manifest, policy)])
    return _not_swapped(state, manifest, event)


def _not_swapped(state: Rollback, manifest: Manifest, event: ActionFailed | ActionSuperseded) -> Decision[Rollback]:
    """It was not taken away after all."""
    digest = state.package.digest if state.package else ""
    kept = state.at_rest.model_copy(update={"withdrawn": tuple(each for each in state.withdrawn if each != digest)})
    if isinstance(event, ActionSuperseded):
        return Decision(kept, [Publish(event=_overtaken(state, manifest, event.reason))])
    failed = RollbackFailed(
        endpoint=manifest.endpoint, package=state.package, generation=manifest.generation,
        requested_by=state.requested_by, reason=f"nothing was changed: {event.reason}",
    )  # fmt: skip
    return Decision(kept, [Publish(event=failed)])
