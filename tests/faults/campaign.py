"""One campaign: a plan of kills carried out while the world goes on, with other faults in between."""

import time
from collections import Counter
from collections.abc import Sequence

from shared.ports import Unavailable
from tests.faults.crashing import Kill
from tests.faults.outages import Outages
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

WAVE = 3


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
            await self._round(bool(remaining or self._outages.to_come))
            await self._outages.strike(len(done), remaining)
        except Unavailable:
            return False
        if remaining or self._outages.to_come:
            return False
        return bool(self.endpoints) and all(endpoint.done for endpoint in self.endpoints)

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
        left = self._system.left("duplicate")
        self._system.disturb_hub("duplicate", "*", events=events)
        self._duplicates += self._system.left("duplicate") - left

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

    @property
    def faults(self) -> int:
        """Kills and all outages; duplicates come on top."""
        return len(self._system.plan.done()) + sum(self._outages.counts.values())

    def figures(self) -> str:
        """For people; call it after `tallies` and `problems`."""
        deaths = Counter(self._system.deaths())
        outages = ", ".join(f"{count} {name}" for name, count in sorted(self._outages.counts.items()))
        duplicates = self._duplicates - self._system.left("duplicate")
        lines = [
            f"{self.faults} faults in {self.seconds:.0f} s: {len(self._system.plan.done())} planned kills of control "
            f"({deaths[-9]} lives ended by SIGKILL, {sum(deaths.values())} in all), {outages}; "
            f"{duplicates} deliveries doubled on top",
            f"{len(self.endpoints)} endpoints' stories, {self._decisions} decisions, {len(self._log.events)} events; "
            f"{sum(self._log.repeats.values())} events published again under their id, "
            f"{self._again} jobs submitted again under their name",
        ]
        return "\n".join(lines)
