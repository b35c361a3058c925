"""Whatever is permuted, doubled, delayed, withheld or killed: nothing serves that nobody approved (design 1)."""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from typing import Literal

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from shared.events import (
    DriftMeasured,
    Envelope,
    FeatureDrift,
    Window,
    derive_id,
)
from shared.events.staging import Verdict
from shared.ports import JobState
from tests.story.outside import INSTANCES, MANNERS, Manner
from tests.story.running import Play
from tests.support.builders import digest, package_ref
from tests.support.world import ENDPOINT, Delivery, World

_PORTS = (
    "Hubs", "MemoryLedger", "MemoryDeadlines", "MemoryEvidence", "MemoryApprovals", "MemoryModels",
    "MemoryModelPackages", "MemoryNotifier", "MemoryPositions", "MemoryFolds", "RecordingJobs", "RecordingManifests",
)  # fmt: skip
_JOB_EVENTS = ("mlops.job.ended", "RunStatusChanged")
_MOST_VERSIONS = 4
_NUMBERS = st.integers(0, 1000)


class ControlPlane(RuleBasedStateMachine):
    """Every rule is something that may happen at any moment; after each of them all invariants are checked."""

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self.play = Play()
        self.world = self.play.world
        self._versions = self._measured = 0

    def do(self, work: Awaitable[object]) -> None:
        async def done() -> None:
            await work

        self._runner.run(done())

    def waiting(self, number: int) -> Delivery:
        return self.world.hubs.waiting[number % len(self.world.hubs.waiting)]

    def something_waits(self) -> bool:
        return bool(self.world.hubs.waiting)

    @precondition(something_waits)
    @rule(numbers=st.lists(_NUMBERS, min_size=1, max_size=12))
    def deliver(self, numbers: list[int]) -> None:
        for number in numbers:
            if self.something_waits():
                self.do(self.world.deliver(self.waiting(number)))
        self.play.azure.announce()

    @precondition(something_waits)
    @rule()
    def deliver_everything(self) -> None:
        for delivery in list(self.world.hubs.waiting):
            self.do(self.world.deliver(delivery))
        self.play.azure.announce()

    @precondition(something_waits)
    @rule(number=_NUMBERS)
    def deliver_and_keep(self, number: int) -> None:
        self.do(self.world.deliver(self.waiting(number), again=True))

    @precondition(something_waits)
    @rule(first=_NUMBERS, second=_NUMBERS)
    def deliver_two_at_once(self, first: int, second: int) -> None:
        one, other = self.waiting(first), self.waiting(second)

        async def both() -> None:
            await asyncio.gather(self.world.deliver(one, again=True), self.world.deliver(other, again=True))

        self.do(both())

    @rule(number=_NUMBERS)
    def withhold_a_job_event(self, number: int) -> None:
        found = [delivery for delivery in self.world.hubs.waiting if delivery.kind in _JOB_EVENTS]
        if found:
            self.world.hubs.waiting.remove(found[number % len(found)])

    @rule(seconds=st.sampled_from((1, 5, 30, 120, 600)))
    def advance(self, seconds: int) -> None:
        self.world.clock.advance(timedelta(seconds=seconds))
        self.do(self.world.tick())

    @rule(port=st.sampled_from(_PORTS), moment=st.sampled_from(("before", "after")))
    def take_down(self, port: str, moment: Literal["before", "after"]) -> None:
        self.world.faults.down[port] = moment

    @rule()
    def bring_back(self) -> None:
        self.world.faults.down.clear()

    @rule(steps=st.integers(0, 60))
    def kill_after(self, steps: int) -> None:
        self.world.faults.crash_in = steps

    def few_versions(self) -> bool:
        return self._versions < _MOST_VERSIONS

    @precondition(few_versions)
    @rule(usable=st.sampled_from((True, True, True, False)))
    def register(self, usable: bool) -> None:
        self._versions += 1
        self.play.azure.register(f"{self._versions}00", usable=usable)

    @rule(
        number=_NUMBERS,
        state=st.sampled_from(("completed", "completed", "completed", "failed", "canceled", "not_responding")),
        verdict=st.sampled_from(("passed", "passed", "failed", "inconclusive")),
    )
    def end_job(self, number: int, state: JobState, verdict: Verdict) -> None:
        running = self.play.azure.running()
        if running:
            self.play.azure.end(running[number % len(running)], state, verdict)

    @rule(number=_NUMBERS, manner=st.sampled_from(("approve", "approve", *MANNERS)))
    def decide(self, number: int, manner: Manner) -> None:
        """Any invitation ever sent: late and repeated decisions are among these."""
        links = self.play.people.links()
        if links:
            self.do(self.play.people.decide(links[-1 - number % len(links)], manner))

    @precondition(few_versions)
    @rule()
    def rush_to_an_approval(self) -> None:
        """A further version is approved while promotion hears nothing, so that several promotions race."""
        self.register(usable=True)
        for _ in range(12):
            for delivery in [each for each in self.world.hubs.waiting if each.reader != "promotion"]:
                self.do(self.world.deliver(delivery))
            for job in self.play.azure.running():
                self.play.azure.end(job)
        for link in self.play.people.links()[-1:]:
            self.do(self.play.people.decide(link))

    @rule()
    def order_rollback(self) -> None:
        """A person, at any moment, as often as they like."""
        self.do(self.play.people.order_rollback())

    @rule(failing=st.sampled_from((False, False, False, True)))
    def report(self, failing: bool) -> None:
        self.do(self.play.scoring.report(failing=failing))
        self.do(self.world.fold())

    @rule(instance=st.sampled_from(INSTANCES))
    def lag(self, instance: str) -> None:
        self.do(self.play.scoring.lag(instance))

    @rule(drifted=st.booleans())
    def serve(self, drifted: bool) -> None:
        self.do(self.play.scoring.serve(drifted=drifted))
        self.do(self.world.fold())

    @rule(psi=st.sampled_from((0.0, 1.0, 1.0)))
    def measure(self, psi: float) -> None:
        """Monitoring says how far the next window is from the reference, drifted ones more often than not."""
        self._measured += 1
        self.do(self.world.hubs.publish("events", [_measurement(self.world, self._measured, psi)]))

    @invariant()
    def all_invariants_hold(self) -> None:
        self.do(self.play.invariants.check())

    def teardown(self) -> None:
        try:
            self.world.faults.down.clear()
            self.world.faults.crash_in = None
            self.play.scoring.lagging.clear()
            self.do(self.play.run_out())
            self.do(self.play.invariants.at_rest())
        finally:
            self._runner.close()


def _measurement(world: World, number: int, psi: float) -> Envelope[DriftMeasured]:
    history = world.manifests.history
    package = (history[-1].current if history else None) or package_ref()
    start = world.clock.now() + timedelta(hours=number)
    far = FeatureDrift(name="delay", psi=psi, js=psi, null_rate=0, reference_null_rate=0)
    event = DriftMeasured(
        endpoint=ENDPOINT, package=package, window=Window(start=start, end=start + timedelta(hours=1)), rows=20,
        features=(far,), prediction=far, profile=digest(),
    )  # fmt: skip
    identity = derive_id("measured", str(number))
    return Envelope.first(event, id=identity, source="/sluice/monitoring", time=world.clock.now())


TestControlPlane = ControlPlane.TestCase
TestControlPlane.settings = settings(
    max_examples=120,
    stateful_step_count=50,
    derandomize=True,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
