"""One campaign: a plan of kills carried out while the world goes on, with other faults in between."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count as count_from

from shared.ports import Unavailable
from tests.faults.crashing import Kill, When
from tests.faults.receivers import (
    FACTS,
    HubLog,
    Tally,
    broken_chains,
    tally_facts,
    tally_jobs,
    tally_manifests,
    tally_notices,
    tally_rows,
    unfinished,
)
from tests.faults.system import System
from tests.faults.workload import Endpoint, World
from tests.support.eventually import aeventually

# Every call by which the reactor, the streams, the folds and the effects reach outside.
STEPS = (
    *(f"ledger.{name}" for name in ("find", "head", "record", "lease", "mark", "settle")),
    *(f"ledger.{name}" for name in ("due", "wait", "first_waiting", "stop_waiting")),
    *(f"deadlines.{name}" for name in ("set", "due", "clear")),
    *(f"positions.{name}" for name in ("last", "advance")),
    *(f"folds.{name}" for name in ("read", "write")),
    *(f"jobs.{name}" for name in ("submit", "state")),
    *(f"models.{name}" for name in ("get", "register_output")),
    *(f"packages.{name}" for name in ("fetch", "adopt")),
    "publisher.publish",
    "evidence.keep",
    "manifests.swap",
    "approvals.put",
    "notifier.send",
)
# Only what could not be had at once is ever waited for.
WAITING = {"ledger.wait", "ledger.first_waiting", "ledger.stop_waiting"}
# So often the Azure ML SDK tries one call; and how long we leave Azure ML alone after that.
TRIES, PAUSE_S = 3, 8.0
WAVE = 3
WHEN: tuple[When, ...] = ("before", "after")


def plan_of(count: int, seed: int) -> list[Kill]:
    """`count` kills: every boundary of every step once, then again at later calls, in an order given by the seed."""
    chosen: list[Kill] = []
    for nth in count_from(1):
        boundaries = [Kill(step, when, nth) for step in STEPS for when in WHEN]
        chosen += random.Random(f"{seed}/{nth}").sample(boundaries, len(boundaries))
        if len(chosen) >= count:
            break
    return chosen[:count]


@dataclass
class Outages:
    """Faults around control, spread over the campaign by the number of kills so far."""

    system: System
    hubs_killed_at: Sequence[int]
    storage_restarted_at: Sequence[int]
    counts: Counter[str] = field(default_factory=Counter)
    next_refusal: float = 0.0

    async def strike(self, kills: int, remaining: Sequence[Kill]) -> None:
        if self.counts["Event Hubs kills"] < sum(at <= kills for at in self.hubs_killed_at):
            await asyncio.to_thread(self.system.kill_hubs)
            self.counts["Event Hubs kills"] += 1
        if self.counts["storage restarts"] < sum(at <= kills for at in self.storage_restarted_at):
            await asyncio.to_thread(self.system.azurite.restart)
            self.counts["storage restarts"] += 1
        # One call at a time fails: what waits must also get through, or nothing would ever stop waiting.
        if any(kill.step in WAITING for kill in remaining) and time.monotonic() > self.next_refusal:
            self.next_refusal = time.monotonic() + PAUSE_S
            self.counts["Azure ML outages"] += await asyncio.to_thread(self.system.fail_azure_ml, TRIES)


class Campaign:
    """`run` returns when every planned kill has happened and all endpoints' stories have ended."""

    def __init__(self, system: System, plan: Sequence[Kill], outages: Outages) -> None:
        self._system, self._outages = system, outages
        self._world = World(system)
        self._log, self._sent = HubLog(system, "events"), HubLog(system, "predictions")
        self._duplicates = 0
        system.plan.write(plan)

    @property
    def endpoints(self) -> list[Endpoint]:
        return list(self._world.endpoints.values())

    async def run(self, timeout_s: float) -> None:
        began = time.monotonic()
        await self._world.prepare()
        with self._system.control():
            await aeventually(self._ended, timeout_s=timeout_s, every_s=0.3)
            await aeventually(self._quiet, timeout_s=60, every_s=0.5)
        self.seconds = time.monotonic() - began

    async def aclose(self) -> None:
        """Close all clients."""
        await self._world.close()
        await self._system.storage.close()

    async def _ended(self) -> bool:
        """One round of the world; whether there is nothing left to do."""
        done, remaining = self._system.plan.done(), self._system.plan.remaining()
        try:
            await self._round(bool(remaining))
            await self._outages.strike(len(done), remaining)
        except Unavailable:
            return False
        return not remaining and bool(self.endpoints) and all(endpoint.done for endpoint in self.endpoints)

    async def _round(self, more: bool) -> None:
        await self._log.read()
        facts = self._log.facts()
        for endpoint in self.endpoints:
            endpoint.done = all(facts[endpoint.number, name] >= count for name, count in FACTS.items())
        if all(endpoint.done for endpoint in self.endpoints) and (more or not self.endpoints):
            self._duplicate(60)
            for _ in range(WAVE):
                await self._world.launch()
        await self._world.act()

    def _duplicate(self, events: int) -> None:
        """On all hubs; what was left over from before is taken over."""
        left = self._system.duplicates_left()
        self._system.duplicate(events)
        self._duplicates += self._system.duplicates_left() - left

    async def _quiet(self) -> bool:
        """Everything that was decided is settled, and everybody has been told."""
        return not await unfinished(self._system) and not tally_notices(self._system, self.endpoints).lost

    async def tallies(self) -> list[Tally]:
        await self._log.read()
        await self._sent.read()
        jobs, runs, self._again = tally_jobs(self._system, self.endpoints)
        return [
            tally_facts(self._log, self.endpoints),
            tally_rows(self._log, self.endpoints),
            jobs,
            runs,
            await tally_manifests(self._system, self.endpoints),
            tally_notices(self._system, self.endpoints),
        ]

    async def problems(self) -> list[str]:
        """What else must not be: broken chains, pending events, other contents under one id, doubled by us."""
        broken, self._decisions = await broken_chains(self._system)
        waiting = await unfinished(self._system)
        sent = [f"sent twice by the test itself: {kind}" for kind in self._sent.repeats]
        return [*broken, *waiting, *(f"another content: {each}" for each in self._log.different), *sent]

    def figures(self) -> str:
        """For people; call it after `tallies` and `problems`."""
        deaths = Counter(self._system.deaths())
        outages = ", ".join(f"{count} {name}" for name, count in self._outages.counts.items())
        duplicates = self._duplicates - self._system.duplicates_left()
        lines = [
            f"{len(self._system.plan.done())} planned kills of control ({deaths[-9]} lives ended by SIGKILL, "
            f"{sum(deaths.values())} in all), {outages}, {duplicates} deliveries doubled, in {self.seconds:.0f} s",
            f"{len(self.endpoints)} endpoints' stories, {self._decisions} decisions, {len(self._log.events)} events; "
            f"{sum(self._log.repeats.values())} events published again under their id, "
            f"{self._again} jobs submitted again under their name",
        ]
        return "\n".join(lines)
