"""Every step of a canary with what was counted in it: those that were passed, the present one, and those to come."""

from datetime import datetime

from services.promotion.limits import CanaryStep
from services.promotion.policy.state import UnderWay
from shared.events import CountedStep


def steps_of(way: UnderWay, now: datetime) -> tuple[CountedStep, ...]:
    return (*way.state.passed, present(way, now), *map(_to_come, way.state.steps[1:]))


def passed(way: UnderWay, now: datetime) -> tuple[CountedStep, ...]:
    """Those of the state that follows on the present step."""
    update = {"came": "passed", "by_a_person": bool(way.state.cleared_by)}
    return (*way.state.passed, present(way, now).model_copy(update=update))


def present(way: UnderWay, now: datetime) -> CountedStep:
    counted = way.state.measured.of(way.route.package.digest)
    return CountedStep(
        share=way.step.share,
        came="present",
        seconds=(now - way.since).total_seconds(),
        requests=counted.requests,
        failed=counted.failed,
        slow=counted.slow,
        slow_ms=way.state.measured.slow_us / 1000,
        least_requests=way.step.least_requests,
    )


def _to_come(step: CanaryStep) -> CountedStep:
    return CountedStep(
        share=step.share, came="to come", seconds=step.duration_s, least_requests=step.least_requests
    )  # fmt: skip
