"""How a promotion ends: announced as live, or taken back by the service whose business that is."""

from datetime import timedelta

from services.promotion.limits import PromotionLimits
from services.promotion.policy.starting import LOOK
from services.promotion.policy.state import Ending, Promotion, Serving, UnderWay
from shared.events import (
    ActionFailed,
    ActionSuperseded,
    EndpointRef,
    Event,
    Finding,
    PackageRef,
    PromotionAborted,
    PromotionCompleted,
    RollbackRequested,
)
from shared.policies import PolicyDocument
from shared.ports import Manifest
from shared.reactor import Decision, Facts, Publish, RemindAt

SERVICE = "promotion"


def complete(
    way: UnderWay, facts: Facts[Serving], instances: int, findings: tuple[Finding, ...]
) -> Decision[Promotion]:
    return _end(way, facts, Ending(how="completed", instances=instances, findings=findings))


def abort(way: UnderWay, facts: Facts[Serving], reason: str, findings: tuple[Finding, ...] = ()) -> Decision[Promotion]:
    """Ask for the way back, unless something newer is there already, which is left alone."""
    return _end(way, facts, Ending(how="aborted", reason=reason, findings=findings))


def _end(way: UnderWay, facts: Facts[Serving], ending: Ending) -> Decision[Promotion]:
    kept = way.state.model_dump(include={"generation", "approval_id"})
    after = Promotion(
        **kept, route=way.state.route, before=way.state.before, overtaken=way.state.overtaken, newest=way.state.newest,
        decision=facts.event_id, ending=ending,
    )  # fmt: skip
    return Decision(after, _said(after, facts.known.manifest))


def _said(state: Promotion, manifest: Manifest) -> list[Publish]:
    """What has to be heard of how it ended. The way back comes first: it must not wait for anything."""
    ending, route, endpoint = state.ending, state.route, manifest.endpoint
    if ending is None or route is None:
        return []
    facts: list[Event] = []
    if ending.how == "completed":
        facts.append(PromotionCompleted(
            endpoint=endpoint, package=route.package, previous=state.before.package if state.before else None,
            generation=state.generation, instances=ending.instances, profile=route.profile, findings=ending.findings,
        ))  # fmt: skip
        return [Publish(event=fact) for fact in facts]
    unwanted = _unwanted(state, manifest)
    if unwanted:
        facts.append(_way_back(unwanted, endpoint, manifest.generation, ending.reason))
    if unwanted and unwanted == state.overtaken:
        facts.append(PromotionAborted(endpoint=endpoint, package=unwanted, reason="its successor could not take over"))
    facts.append(
        PromotionAborted(endpoint=endpoint, package=route.package, reason=ending.reason, findings=ending.findings)
    )
    return [Publish(event=fact) for fact in facts]


def _way_back(package: PackageRef, endpoint: EndpointRef, generation: int, reason: str) -> RollbackRequested:
    return RollbackRequested(
        endpoint=endpoint, package=package, generation=generation, reason=reason, requested_by=SERVICE
    )


def _unwanted(state: Promotion, manifest: Manifest) -> PackageRef | None:
    """What we have put in place and must not stay: by our last swap, or by the one before if that did not happen."""
    if manifest.generation not in (state.generation, state.generation - 1):
        return None
    ours = [state.route.package if state.route else None, state.overtaken]
    serving = [route.package for route in manifest.routes if route.share]
    return next((package for package in ours if package in serving and package != _served_before(state)), None)


def _served_before(state: Promotion) -> PackageRef | None:
    return state.before.package if state.before else None


def decide_not_performed(
    state: Promotion, facts: Facts[Serving], event: ActionFailed | ActionSuperseded, policy: PolicyDocument
) -> Decision[Promotion]:
    """A swap that did not happen ends the promotion, as does a question that reached nobody.

    After a swap that did happen, or for an earlier decision, we look again. How it ended is said until it is heard.
    """
    manifest = facts.known.manifest
    way = UnderWay.of(state, manifest.endpoint)
    if way is None:
        if state.ending is None or event.decision != state.decision:
            return Decision(state)
        return Decision(state.model_copy(update={"decision": facts.event_id}), _said(state, manifest))
    if state.status == "asking" and event.decision == state.question:
        return abort(way, facts, f"nobody could be asked: {event.reason}")
    if state.is_current(manifest) or event.decision != state.decision:
        pause = timedelta(seconds=policy.section(PromotionLimits, manifest.endpoint).look_every_s)
        return Decision(state, [RemindAt(about=LOOK, at=facts.now + pause)])
    return abort(way, facts, event.reason)
