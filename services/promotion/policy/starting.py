"""From an approval to the first canary step, or to a refusal."""

from datetime import timedelta

from services.promotion.limits import CanaryStep, PromotionLimits
from services.promotion.policy.state import Approved, Promotion
from shared.events import ApprovalGranted, PromotionAborted, PromotionRefused, PromotionStarted
from shared.policies import PolicyDocument
from shared.ports import Manifest, Route
from shared.reactor import Decision, Effect, Facts, Publish, RemindAt
from shared.serving import SwapManifest

LOOK = "look"


def decide_granted(
    state: Promotion, facts: Facts[Approved], event: ApprovalGranted, policy: PolicyDocument
) -> Decision[Promotion]:
    """A newer approval takes over from one still under way, where its way back was rehearsed."""
    manifest = facts.known.manifest
    under_way = state.route.package if state.status != "idle" and state.route else None
    if event.candidate in (under_way, manifest.current):
        return Decision(state)
    if reason := _why_refused(state, facts.known, event):
        refused = PromotionRefused(
            endpoint=event.endpoint, package=event.candidate, approval_id=event.approval_id, reason=reason
        )
        return Decision(state, [Publish(event=refused)])
    return _start(state, facts, event, policy)


def _why_refused(state: Promotion, known: Approved, event: ApprovalGranted) -> str:
    """Empty when nothing speaks against it. The first version has no way back that could have been rehearsed."""
    if state.newest and event.requested_at and event.requested_at < state.newest:
        return "an approval that was asked for later has been acted on already"
    serves = known.manifest.current
    if serves is None or known.rehearsed == serves:
        return ""
    if known.problem:
        return f"restoring {serves.model} was not rehearsed: {known.problem}"
    if known.rehearsed is None:
        return f"restoring {serves.model} was not rehearsed, or failed, in staging"
    return (
        f"{serves.model} serves now, but the way back was rehearsed to {known.rehearsed.model} ({_short(known)}): "
        "stage it again"
    )


def _short(known: Approved) -> str:
    return known.rehearsed.digest[:12] if known.rehearsed else ""


def _start(
    state: Promotion, facts: Facts[Approved], event: ApprovalGranted, policy: PolicyDocument
) -> Decision[Promotion]:
    manifest, limits = facts.known.manifest, policy.section(PromotionLimits, event.endpoint)
    before = max(manifest.routes, key=lambda old: old.share) if manifest.routes else None
    begun = Promotion(
        status="following",
        route=Route(package=event.candidate, profile=event.profile),
        before=before.model_copy(update={"share": 100.0, "mirror": 0.0}) if before else None,
        steps=limits.steps if before else limits.steps[-1:],
        generation=manifest.generation + 1,
        approval_id=event.approval_id,
        since=facts.now,
        decision=facts.event_id,
        overtaken=state.route.package if state.status != "idle" and state.route else None,
        newest=event.requested_at or state.newest,
    )
    started = PromotionStarted(
        endpoint=event.endpoint, package=event.candidate, previous=before.package if before else None,
        generation=begun.generation, approval_id=event.approval_id, share=begun.steps[0].share,
    )  # fmt: skip
    ended: list[Effect] = []
    if begun.overtaken:
        reason = f"approval {event.approval_id} of {event.candidate.model} took over"
        ended = [Publish(event=PromotionAborted(endpoint=event.endpoint, package=begun.overtaken, reason=reason))]
    look = RemindAt(about=LOOK, at=facts.now + timedelta(seconds=limits.look_every_s))
    return Decision(begun, [swap(begun, manifest), *ended, Publish(event=started), look])


def swap(state: Promotion, manifest: Manifest) -> SwapManifest:
    """To the present step's shares. The champion comes first, so that at equal shares it is what serves."""
    assert state.route is not None  # noqa: S101 - there is a step only for a route
    share, before = state.steps[0].share, state.before
    route = state.route.model_copy(update={"share": share})
    beside = (before.model_copy(update={"share": 100 - share}),) if before and share < 100 else ()
    return SwapManifest(
        manifest=Manifest(
            endpoint=manifest.endpoint, generation=state.generation, routes=(*beside, route), previous=before
        )
    )


def next_step(steps: tuple[CanaryStep, ...]) -> CanaryStep | None:
    return steps[1] if len(steps) > 1 else None
