"""Endpoints' stories on a system, from their launch to what the receivers got of them."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from shared.ports import Unavailable
from tests.faults.endpoints import Endpoint
from tests.faults.receivers import (
    FACTS,
    HubLog,
    Place,
    Tally,
    broken_chains,
    out_of_order,
    tally_facts,
    tally_generations,
    tally_jobs,
    tally_notices,
    tally_rows,
    unfinished,
)
from tests.faults.system import System
from tests.faults.workload import World
from tests.support.eventually import aeventually


class Stories:
    """Those of one test: what earlier tests did to the same system is left out of every count."""

    def __init__(self, system: System) -> None:
        self._system = system
        self.world = World(system)
        self.log, self.sent = HubLog(system, "events"), HubLog(system, "predictions")
        self.again = self.decisions = 0

    @property
    def endpoints(self) -> list[Endpoint]:
        return list(self.world.endpoints.values())

    async def launch(self, count: int) -> list[Endpoint]:
        return [await self.world.launch() for _ in range(count)]

    async def aclose(self) -> None:
        """Close all clients."""
        await self.world.close()
        await self._system.close_storage()

    async def round(self) -> None:
        """See how far they have come, and do what people and scoring instances do meanwhile."""
        await self.log.read()
        facts = self.log.facts()
        for endpoint in self.endpoints:
            endpoint.first_is_live = facts[endpoint.number, "mlops.promotion.completed"] > 0
            endpoint.done = all(facts[endpoint.number, name] >= count for name, count in FACTS.items())
        await self.world.act()

    async def until(self, reached: Callable[[], Awaitable[bool]], timeout_s: float = 300) -> None:
        """Round after round; storage or hubs may be away for one."""

        async def tried() -> bool:
            try:
                await self.round()
                return await reached()
            except Unavailable:
                return False

        await aeventually(tried, timeout_s=timeout_s, every_s=0.3)

    async def until_all_have(self, fact: str, count: int = 1) -> None:
        """Each of the endpoints' stories has come so far."""

        async def have() -> bool:
            return all(self.log.facts()[endpoint.number, fact] >= count for endpoint in self.endpoints)

        await self.until(have)

    async def run_out(self, timeout_s: float = 300) -> None:
        """To their ends, everything settled and everybody told."""

        async def ended() -> bool:
            return all(endpoint.done for endpoint in self.endpoints)

        await self.until(ended, timeout_s)
        await aeventually(self.quiet, every_s=0.3)

    async def quiet(self) -> bool:
        """Everything that was decided is settled, and everybody has been told."""
        try:
            return (
                not await unfinished(self._system) and not self._own(tally_notices(self._system, self.endpoints)).lost
            )
        except Unavailable:
            return False

    def said(self, fact: str) -> list[dict[str, Any]]:
        """The events of this type, as of the last round."""
        return [frame for frame in self.log.events.values() if frame["type"] == fact]

    async def tallies(self) -> list[Tally]:
        await self.log.read()
        await self.sent.read()
        jobs, runs, self.again = tally_jobs(self._system, self.endpoints)
        found = [
            tally_facts(self.log, self.endpoints),
            tally_rows(self.log, self.endpoints),
            jobs,
            runs,
            await tally_generations(self.world.generations, self.endpoints),
            tally_notices(self._system, self.endpoints),
        ]
        return [self._own(tally) for tally in found]

    def _own(self, tally: Tally) -> Tally:
        """Without other tests' endpoints; only a hub's log is known to begin with this test, nameless facts and all."""
        first, log = self.world.first, tally.receiver == "facts in hub events"
        found = {place: n for place, n in tally.found.items() if place[0] >= first or (log and place[0] < 0)}
        return Tally(tally.receiver, tally.expected, found if first else tally.found)

    async def problems(self) -> list[str]:
        """What else must not be: broken chains, pending events, another order, other contents, doubled by us."""
        broken, self.decisions = await broken_chains(self._system)
        late = await out_of_order(self._system, self.log)
        different = [f"another content: {each}" for each in self.log.different]
        sent = [f"sent twice by the test itself: {kind}" for kind in self.sent.repeats]
        swaps = self.world.generations.problems(self.endpoints)
        return [*broken, *await unfinished(self._system), *late, *different, *sent, *swaps]

    async def nothing_lost_or_doubled(self, more: Mapping[Place, int] = {}) -> None:
        """At any receiver; `more` are facts and notices beyond an endpoint's usual story."""
        tallies, problems = await self.tallies(), await self.problems()
        print(*tallies, sep="\n")
        lost = [tally.lost for tally in tallies if tally.lost]
        doubled = [left for tally in tallies if (left := tally.doubled - Counter(more))]
        assert (lost, doubled, problems) == ([], [], []), f"lost {lost}, doubled {doubled}, {problems}"
