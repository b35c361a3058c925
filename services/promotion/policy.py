"""From approval to live: swap once, believe the instances, go back when they do not follow."""

from datetime import datetime, timedelta
from typing import Literal

from shared.events import (
    ActionFailed,
    ActionSuperseded,
    ApprovalGranted,
    DeadlineReached,
    EndpointRef,
    PackageRef,
    PromotionAborted,
    PromotionCompleted,
    PromotionStarted,
)
from shared.policies import PolicyDocument
from shared.ports import Manifest, Route
from shared.reactor import Decision, Effect, Facts, Known, Publish, RemindAt, State
from shared.serving import Instance, SwapManifest

LOOK = "look"


class Promotion(State):
    """`route` is being brought live as `generation`, `before` served until then; `decision` is its cause."""

    status: Literal["idle", "waiting"] = "idle"
    route: Route | None = None
    before: Route | None = None
    generation: int = 0
    approval_id: str = ""
    started_at: datetime | None = None
    decision: str = ""


class Serving(Known):
    manifest: Manifest


class Live(Known):
    """`instances` that were heard of lately, by id."""

    manifest: Manifest
    instances: dict[str, Instance] = {}


def decide_granted(
    state: Promotion, facts: Facts[Serving], event: ApprovalGranted, policy: PolicyDocument
) -> Decision[Promotion]:
    """A newer approval takes over from one still under way: the manifest's generation says which came last."""
    manifest = facts.known.manifest
    if manifest.current == event.candidate:
        return Decision(state)
    route = Route(package=event.candidate, profile=event.profile)
    before = max(manifest.routes, key=lambda old: old.share) if manifest.routes else None
    generation = manifest.generation + 1
    after = Manifest(endpoint=event.endpoint, generation=generation, routes=(route,), previous=before)
    started = PromotionStarted(
        endpoint=event.endpoint, package=event.candidate, previous=before.package if before else None,
        generation=generation, approval_id=event.approval_id,
    )  # fmt: skip
    look = facts.now + timedelta(seconds=policy.limits(event.endpoint.name).promotion.look_every_s)
    waiting = Promotion(
        status="waiting", route=route, before=before, generation=generation,
        approval_id=event.approval_id, started_at=facts.now, decision=facts.event_id,
    )  # fmt: skip
    return Decision(waiting, [SwapManifest(manifest=after), Publish(event=started), RemindAt(about=LOOK, at=look)])


def decide_look(
    state: Promotion, facts: Facts[Live], event: DeadlineReached, policy: PolicyDocument
) -> Decision[Promotion]:
    """Complete when all live instances follow; abort when one cannot, or when time is up."""
    if state.status != "waiting" or state.route is None or state.started_at is None:
        return Decision(state)
    endpoint = facts.known.manifest.endpoint
    limits = policy.limits(endpoint.name).promotion
    if facts.known.manifest.generation >= state.generation and not _is_current(state, facts.known.manifest):
        return _abort(state, endpoint, "another generation became current meanwhile", facts.known.manifest, back=False)
    failure = next((i for i in facts.known.instances.values() if i.failed == state.generation), None)
    if failure:
        return _abort(state, endpoint, f"an instance could not load it: {failure.why}", facts.known.manifest)
    behind = [name for name, instance in facts.known.instances.items() if instance.generation < state.generation]
    if facts.known.instances and not behind:
        return _complete(state, endpoint, state.route.package, len(facts.known.instances))
    if facts.now - state.started_at > timedelta(seconds=limits.complete_within_s):
        who = f"{', '.join(behind)} did not follow" if behind else "no scoring instance reported"
        return _abort(state, endpoint, f"{who} within {limits.complete_within_s:g} s", facts.known.manifest)
    return Decision(state, [RemindAt(about=LOOK, at=facts.now + timedelta(seconds=limits.look_every_s))])


def _complete(state: Promotion, endpoint: EndpointRef, package: PackageRef, instances: int) -> Decision[Promotion]:
    completed = PromotionCompleted(
        endpoint=endpoint, package=package, previous=state.before.package if state.before else None,
        generation=state.generation, instances=instances, profile=state.route.profile if state.route else None,
    )  # fmt: skip
    return Decision(Promotion(generation=state.generation), [Publish(event=completed)])


def _abort(
    state: Promotion, endpoint: EndpointRef, reason: str, manifest: Manifest, *, back: bool = True
) -> Decision[Promotion]:
    """`back`: put what served before in place again, unless something newer is there."""
    if state.route is None:
        return Decision(Promotion())
    effects: list[Effect] = [
        Publish(event=PromotionAborted(endpoint=endpoint, package=state.route.package, reason=reason))
    ]
    if back and manifest.generation == state.generation:
        routes = (state.before,) if state.before else ()
        effects.insert(0, SwapManifest(manifest=Manifest(
            endpoint=endpoint, generation=state.generation + 1, routes=routes, previous=state.route,
        )))  # fmt: skip
    return Decision(Promotion(generation=state.generation), effects)


def _is_current(state: Promotion, manifest: Manifest) -> bool:
    """Whether the world is at our generation, written by us: a race may have put another package at the same one."""
    package = state.route.package if state.route else None
    return (manifest.generation, manifest.current) == (state.generation, package)


def decide_not_performed(
    state: Promotion, facts: Facts[Serving], event: ActionFailed | ActionSuperseded, policy: PolicyDocument
) -> Decision[Promotion]:
    """A swap that did not happen ends the promotion. After one that did, or for an earlier decision, we look again."""
    if state.status != "waiting" or state.route is None:
        return Decision(state)
    manifest = facts.known.manifest
    if _is_current(state, manifest) or event.decision != state.decision:
        look_every_s = policy.limits(manifest.endpoint.name).promotion.look_every_s
        return Decision(state, [RemindAt(about=LOOK, at=facts.now + timedelta(seconds=look_every_s))])
    return _abort(state, manifest.endpoint, event.reason, manifest, back=False)
