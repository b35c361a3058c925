"""A promotion at each of its stages, and the events that may reach it there."""

from datetime import timedelta
from typing import Any

from services.promotion.limits import CanaryStep
from services.promotion.policy import LOOK, Approved, Live, Promotion
from services.promotion.policy.tally import Measured, Tally
from shared.events import (
    ActionApproved,
    ActionDeclined,
    ActionFailed,
    ActionSuperseded,
    ApprovalGranted,
    DeadlineReached,
    Event,
    PackageRef,
    VersionReport,
)
from shared.ports import Instance, Manifest, Route
from shared.reactor import Decision, Publish
from tests.support.builders import CAUSE, NOW, digest, endpoint_ref, package_ref, policy_document

STEPS = (
    CanaryStep(share=10, duration_s=10, least_requests=100, wait_s=40),
    CanaryStep(share=100, duration_s=5, least_requests=0, wait_s=40),
)
POLICY = policy_document(
    promotion={
        "complete_within_s": 60, "look_every_s": 2, "steps": [step.model_dump() for step in STEPS],
        "error_rate_rise": 0.1, "slow_rate_rise": 0.1, "latency_floor_ms": 10,
    },
    people={"expires_after_s": 600},
)  # fmt: skip
ENDPOINT = endpoint_ref()
OLD, NEW = Route(package=package_ref("1", "a")), Route(package=package_ref("2", "b"), profile=digest("c"))
OTHER = package_ref("3", "d")
QUESTION = "the decision that asked"
REFERENCE = (1000,) * 10 + (0, 0)

NOTHING = Manifest(endpoint=ENDPOINT)
SERVING = Manifest(endpoint=ENDPOINT, generation=4, routes=(OLD,))
CANARY = Manifest(
    endpoint=ENDPOINT, generation=5, previous=OLD,
    routes=(OLD.model_copy(update={"share": 90.0}), NEW.model_copy(update={"share": 10.0})),
)  # fmt: skip
WHOLE = Manifest(endpoint=ENDPOINT, generation=6, routes=(NEW,), previous=OLD)

GRANTED = ApprovalGranted(
    approval_id="ap1", endpoint=ENDPOINT, candidate=NEW.package, profile=NEW.profile, evidence=digest("e"),
    approver="lea@example.com", requested_at=NOW,
)  # fmt: skip
LOOKED = DeadlineReached(service="promotion", about=str(ENDPOINT.entity), key=LOOK, at=NOW)
_HELD = {"service": "promotion", "about": str(ENDPOINT.entity), "decision": QUESTION}
YES = ActionApproved(**_HELD, by="lea@example.com", reason="looks right")
NO = ActionDeclined(**_HELD, by="lea@example.com", reason="too few rows")
UNANSWERED = ActionDeclined(**_HELD, reason="nobody decided in time")

IDLE = Promotion()
FOLLOWING = Promotion(
    status="following", route=NEW, before=OLD, steps=STEPS, generation=5, approval_id="ap1", since=NOW, decision=CAUSE,
    newest=NOW,
)  # fmt: skip
BAKING = FOLLOWING.model_copy(update={"status": "baking", "measured": Measured(slow_us=10_000)})
ASKING = BAKING.model_copy(
    update={"status": "asking", "question": QUESTION, "ask_until": NOW + timedelta(seconds=1260), "decision": CAUSE}
)
LAST = BAKING.model_copy(update={"steps": STEPS[1:], "generation": 6})


def approved(manifest: Manifest = SERVING, rehearsed: PackageRef | None = OLD.package, problem: str = "") -> Approved:
    return Approved(manifest=manifest, rehearsed=rehearsed, problem=problem)


def report(package: PackageRef, fast: int, *, slow: int = 0, failed: int = 0, counts: bool = True) -> VersionReport:
    """Fast answers took a millisecond, slow ones a second; predictions spread as staging saw them."""
    return VersionReport(
        package=package, requests=fast + slow + failed, rows=fast + slow, errors={"model": failed},
        latency_us={"1000": fast, "1000000": slow},
        predictions=((fast + slow) // 10,) * 10 + (0, 0) if counts else (),
    )  # fmt: skip


def instance(
    generation: int, *reports: VersionReport, failed: int = 0, why: str = "", after: timedelta = timedelta()
) -> Instance:
    versions = {each.package.digest: each for each in reports}
    return Instance(generation=generation, at=NOW + after, failed=failed, why=why, versions=versions)


def healthy(generation: int = 5, candidate: int = 1000) -> Instance:
    """Enough of both versions, and nothing wrong with the candidate."""
    return instance(generation, report(OLD.package, 9000), report(NEW.package, candidate))


def broken(generation: int = 5) -> Instance:
    return instance(generation, report(OLD.package, 9000), report(NEW.package, 500, failed=500))


def live(*instances: Instance, manifest: Manifest = CANARY, reference: tuple[int, ...] | None = REFERENCE) -> Live:
    named = {name: found for name, found in zip("abcdefgh", instances, strict=False)}
    return Live(manifest=manifest, instances=named, reference=reference)


def published(decision: Decision[Any]) -> list[Event]:
    return [effect.event for effect in decision.effects if isinstance(effect, Publish)]


def not_performed(
    kind: type[ActionFailed | ActionSuperseded], decision: str = CAUSE, effect: str = "swap_manifest"
) -> Any:
    return kind(
        service="promotion",
        about=str(ENDPOINT.entity),
        decision=decision,
        effect=effect,
        reason="generation 7 is there",
    )


def tally(answered: int, *, slow: int = 0, failed: int = 0, predictions: tuple[int, ...] = ()) -> Tally:
    return Tally(answered=answered, slow=slow, failed=failed, predictions=predictions)
