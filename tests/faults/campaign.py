"""One campaign: a plan of kills carried out while the world goes on, with other faults in between."""

import time
from collections import Counter
from collections.abc import Sequence

from tests.faults.crashing import Kill
from tests.faults.outages import Outages
from tests.faults.receivers import Tally
from tests.faults.stories import Stories
from tests.faults.system import System

WAVE = 3


class Campaign:
    """`run` returns when every planned kill has happened and all endpoints' stories have ended."""

    def __init__(self, system: System, plan: Sequence[Kill], outages: Outages) -> None:
        self._system, self._outages = system, outages
        self.stories = Stories(system)
        system.plan.write(plan)

    async def run(self, timeout_s: float) -> None:
        began = time.monotonic()
        await self.stories.world.prepare()
        with self._system.control():
            await self.stories.until(self._ended, timeout_s)
            await self.stories.run_out()
        self.seconds = time.monotonic() - began

    async def aclose(self) -> None:
        """Close all clients."""
        await self.stories.aclose()

    async def _ended(self) -> bool:
        """Whether there is nothing left to do; strikes, and launches more endpoints while there is."""
        done, remaining = self._system.plan.done(), self._system.plan.remaining()
        all_done = all(endpoint.done for endpoint in self.stories.endpoints)
        more = bool(remaining or self._outages.to_come or not self.stories.endpoints)
        if all_done and more:
            # So many that each call which one story makes once comes often enough in one life.
            await self.stories.launch(max([WAVE, *(kill.nth for kill in remaining)]))
        await self._outages.strike(len(done), remaining, new_wave=all_done and more)
        return all_done and not more

    async def tallies(self) -> list[Tally]:
        return await self.stories.tallies()

    async def problems(self) -> list[str]:
        return await self.stories.problems()

    @property
    def faults(self) -> int:
        """Kills and all outages; doubled deliveries come on top."""
        return len(self._system.plan.done()) + sum(self._outages.counts.values())

    def figures(self) -> str:
        """For people; call it after `tallies` and `problems`."""
        deaths, stories = Counter(self._system.deaths()), self.stories
        outages = ", ".join(f"{count} {name}" for name, count in sorted(self._outages.counts.items()))
        deliveries = ", ".join(f"{count} {name}" for name, count in sorted(self._outages.deliveries.items()))
        lines = [
            f"{self.faults} faults in {self.seconds:.0f} s: {len(self._system.plan.done())} planned kills of control "
            f"({deaths[-9]} lives ended by SIGKILL, {sum(deaths.values())} in all), {outages}; "
            f"deliveries: {deliveries}",
            f"of the kills, by the decision that was under way: {_by_decision(self._system.plan.fell_within())}",
            f"{len(stories.endpoints)} endpoints' stories, {stories.decisions} decisions, "
            f"{len(stories.log.events)} events; {sum(stories.log.repeats.values())} events published again under "
            f"their id, {stories.again} jobs submitted again under their name",
        ]
        return "\n".join(lines)


def _by_decision(fell_within: Counter[str]) -> str:
    named = ", ".join(f"{count} {phase}" for phase, count in sorted(fell_within.items()) if phase)
    return f"{named}; {fell_within['']} outside of any (streams, folds, gathering, timers)"
