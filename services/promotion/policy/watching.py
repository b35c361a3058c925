"""Every look at a promotion under way: do the instances follow, and what does the step say of the candidate?"""

import hashlib
from datetime import datetime, timedelta

from services.promotion.limits import PromotionLimits
from services.promotion.policy.analysis import Analysis, analyse
from services.promotion.policy.ending import SERVICE, abort, complete
from services.promotion.policy.starting import LOOK, next_step, swap
from services.promotion.policy.state import Live, Promotion, UnderWay
from services.promotion.policy.steps import passed, steps_of
from services.promotion.policy.tally import begun, counted_of, slow_bound_us
from shared.approvals import Exhibit, Exhibits
from shared.events import (
    ActionApproved,
    ActionDeclined,
    ActionProposed,
    CanaryStep,
    DeadlineReached,
    PromotionStepped,
    VersionReport,
    canonical,
)
from shared.policies import People, PolicyDocument
from shared.reactor import Decision, Facts, KeepEvidence, Publish, RemindAt


def decide_look(
    state: Promotion, facts: Facts[Live], event: DeadlineReached, policy: PolicyDocument
) -> Decision[Promotion]:
    way = UnderWay.of(state, facts.known.manifest.endpoint)
    return _look(way, facts, policy) if way else Decision(state)


def decide_answer(
    state: Promotion, facts: Facts[Live], event: ActionApproved | ActionDeclined, policy: PolicyDocument
) -> Decision[Promotion]:
    """Only the answer to the question that is open counts; a no, or nobody's word in time, ends the promotion."""
    way = UnderWay.of(state, facts.known.manifest.endpoint)
    if way is None or state.status != "asking" or event.decision != state.question:
        return Decision(state)
    if isinstance(event, ActionDeclined):
        said = f"{event.by} said no: {event.reason}" if event.by else event.reason
        return abort(way, facts, said)
    cleared = state.model_copy(update={"status": "baking", "cleared_by": event.by})
    return _look(way.model_copy(update={"state": cleared}), facts, policy)


def _look(way: UnderWay, facts: Facts[Live], policy: PolicyDocument) -> Decision[Promotion]:
    manifest, generation = facts.known.manifest, way.state.generation
    if manifest.generation >= generation and not way.state.is_current(manifest):
        return abort(way, facts, f"superseded: generation {manifest.generation} became current meanwhile")
    for name, instance in facts.known.instances.items():
        if instance.failed == generation > instance.generation:
            return abort(way, facts, f"instance {name} could not load it: {instance.why}")
    return _follow(way, facts, policy) if way.state.status == "following" else _bake(way, facts, policy)


def _follow(way: UnderWay, facts: Facts[Live], policy: PolicyDocument) -> Decision[Promotion]:
    """The step's clock starts when all live instances report its generation."""
    behind = facts.known.behind(way.state.generation)
    if not facts.known.instances or behind:
        return _wait_for(way, facts, policy, since=way.since)
    limits, reports = _limits(way, policy), _reports(facts.known)
    champion = way.state.before.package.digest if way.state.before else ""
    of_champion = [each for found in reports.values() for each in found if each.package.digest == champion]
    bound = slow_bound_us(of_champion, limits.latency_quantile, limits.latency_ratio, limits.latency_floor_ms * 1000)
    measured = begun(counted_of(reports, bound), bound)
    baking = way.state.model_copy(update={"status": "baking", "since": facts.now, "measured": measured})
    return _bake(way.model_copy(update={"state": baking, "since": facts.now}), facts, policy)


def _limits(way: UnderWay, policy: PolicyDocument) -> PromotionLimits:
    return policy.section(PromotionLimits, way.endpoint)


def _reports(known: Live) -> dict[str, list[VersionReport]]:
    return {name: list(instance.versions.values()) for name, instance in known.instances.items()}


def _wait_for(way: UnderWay, facts: Facts[Live], policy: PolicyDocument, since: datetime) -> Decision[Promotion]:
    """For instances that do not follow, or of which there are none, but not for ever."""
    limits = _limits(way, policy)
    within = limits.complete_within_s
    if facts.now - since > timedelta(seconds=within):
        behind = facts.known.behind(way.state.generation)
        who = f"{', '.join(behind)} did not follow" if behind else "no scoring instance reported"
        return abort(way, facts, f"{who} within {within:g} s")
    return _again(way.state, facts, limits.look_every_s)


def _again(state: Promotion, facts: Facts[Live], pause_s: float) -> Decision[Promotion]:
    return Decision(state, [RemindAt(about=LOOK, at=facts.now + timedelta(seconds=pause_s))])


def _bake(way: UnderWay, facts: Facts[Live], policy: PolicyDocument) -> Decision[Promotion]:
    measured = way.state.measured.after(counted_of(_reports(facts.known), way.state.measured.slow_us))
    way = way.model_copy(update={"state": way.state.model_copy(update={"measured": measured})})
    champion = way.state.before if way.has_champion_beside else None
    analysis = analyse(
        measured.of(way.route.package.digest), measured.of(champion.package.digest) if champion else None,
        facts.known.reference, way.step, _limits(way, policy),
    )  # fmt: skip
    if analysis.verdict == "abort":
        return abort(way, facts, analysis.reason, analysis.findings)
    if way.state.status == "asking":
        return _keep_asking(way, facts, analysis, policy)
    return _judge(way, facts, analysis, policy)


def _judge(way: UnderWay, facts: Facts[Live], analysis: Analysis, policy: PolicyDocument) -> Decision[Promotion]:
    """What was inconclusive to the end goes to a person, and passes only by their word."""
    age = (facts.now - way.since).total_seconds()
    if way.state.cleared_by or (analysis.verdict == "go on" and age >= way.step.duration_s):
        return _go_on(way, facts, analysis, policy)
    certain = analysis.verdict == "ask a person" and age >= way.step.duration_s
    if certain or age >= way.step.wait_s:
        return _ask(way, facts, analysis, policy)
    return _again(way.state, facts, max(_limits(way, policy).look_every_s, way.step.duration_s / 20))


def _go_on(way: UnderWay, facts: Facts[Live], analysis: Analysis, policy: PolicyDocument) -> Decision[Promotion]:
    """Instances that started meanwhile have to follow, too, before anything is called live or gets more."""
    state, known = way.state, facts.known
    if not known.instances or known.behind(state.generation):
        since = state.ready_at or facts.now
        ready = way.model_copy(update={"state": state.model_copy(update={"ready_at": since})})
        return _wait_for(ready, facts, policy, since)
    following = next_step(state.steps)
    if following is None:
        return complete(way, facts, len(known.instances), analysis.findings)
    after = Promotion(
        status="following", route=state.route, before=state.before, steps=state.steps[1:],
        generation=state.generation + 1, approval_id=state.approval_id, since=facts.now, decision=facts.event_id,
        newest=state.newest, passed=passed(way, facts.now),
    )  # fmt: skip
    stepped = PromotionStepped(
        endpoint=way.endpoint, package=way.route.package, share=following.share, generation=after.generation,
        findings=analysis.findings, cleared_by=state.cleared_by,
    )  # fmt: skip
    look = RemindAt(about=LOOK, at=facts.now + timedelta(seconds=_limits(way, policy).look_every_s))
    return Decision(after, [swap(after, known.manifest), Publish(event=stepped), look])


def _ask(way: UnderWay, facts: Facts[Live], analysis: Analysis, policy: PolicyDocument) -> Decision[Promotion]:
    """By the same way as every question to people; at `ask_until` the question has expired, whoever was to say so."""
    following = next_step(way.state.steps)
    would = f"give it {following.share:g} % of the requests" if following else "call it live"
    what = {"package": way.route.package.digest, "generation": way.state.generation, "would": would}
    shown = KeepEvidence(body=_exhibits(way, facts.now, analysis).body())
    question = ActionProposed(
        service=SERVICE,
        about=str(way.endpoint.entity),
        decision=facts.event_id,
        scope=str(way.endpoint.entity),
        packages=(way.route.package.digest,),
        because="an inconclusive canary step",
        would=(would,),
        digest=hashlib.sha256(canonical(what)).hexdigest(),
        proposed_at=facts.now,
        answer="tell",
        question=f"May {way.route.package.model} go on at {way.endpoint.name}?",
        reason=(
            f"With {way.step.share:g} % of the requests, this could not be settled in "
            f"{(facts.now - way.since).total_seconds():.0f} s: {analysis.reason}. A yes would {would}; "
            "a no, or no answer, takes it back."
        ),
        evidence=shown.digest,
    )
    until = facts.now + timedelta(seconds=2 * policy.section(People, way.endpoint).expires_after_s + 60)
    update = {"status": "asking", "question": facts.event_id, "ask_until": until}
    asking = way.state.model_copy(update=update)
    return Decision(asking, [shown, Publish(event=question), *_again(asking, facts, _pause_s(way, policy)).effects])


def _exhibits(way: UnderWay, now: datetime, analysis: Analysis) -> Exhibits:
    following = next_step(way.state.steps)
    step = CanaryStep(
        package=way.route.package,
        champion=way.state.before.package if way.state.before else None,
        share=way.step.share,
        following=following.share if following else None,
        seconds=(now - way.since).total_seconds(),
        findings=analysis.findings,
        steps=steps_of(way, now),
    )
    return Exhibits(because=(Exhibit(kind="canary_step", data=step.model_dump(mode="json")),))


def _keep_asking(way: UnderWay, facts: Facts[Live], analysis: Analysis, policy: PolicyDocument) -> Decision[Promotion]:
    if way.state.ask_until and facts.now >= way.state.ask_until:
        return abort(way, facts, f"nobody answered in time: {analysis.reason}", analysis.findings)
    return _again(way.state, facts, _pause_s(way, policy))


def _pause_s(way: UnderWay, policy: PolicyDocument) -> float:
    """A person takes their time; only harm that becomes certain meanwhile is looked for."""
    return max(15 * _limits(way, policy).look_every_s, way.step.duration_s)
