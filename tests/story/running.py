"""Runs a world until nothing is left to do, and tells what every part of it did."""

from datetime import UTC, datetime, timedelta

from tests.story.invariants import Invariants
from tests.story.outside import AzureML, People, Scoring
from tests.support.world import Delivery, World

_LONG_AFTER = datetime(2100, 1, 1, tzinfo=UTC)


class Play:
    """A world with everything around it. `doubled`: every delivery happens twice."""

    def __init__(self, world: World | None = None, *, withheld: bool = False, doubled: bool = False) -> None:
        self.world = world or World()
        self.azure, self.people = AzureML(self.world, withheld=withheld), People(self.world)
        self.scoring, self.invariants = Scoring(self.world), Invariants(self.world)
        self._doubled = doubled

    async def run(self, delivery: Delivery) -> None:
        await self.world.deliver(delivery, again=self._doubled)
        if self._doubled:
            await self.world.deliver(delivery)

    async def settle(self) -> None:
        """Deliver all there is, without moving the clock."""
        while self.world.hubs.waiting:
            await self.run(self.world.hubs.waiting[0])
            self.azure.announce()

    async def tick(self) -> None:
        """Whatever is due now, and everything that follows from it at once."""
        await self.scoring.report()
        await self.world.fold()
        await self.world.tick()
        await self.settle()

    async def advance(self, seconds: float) -> None:
        self.world.clock.advance(timedelta(seconds=seconds))
        await self.tick()

    async def run_out(self, rounds: int = 300) -> None:
        """Go from one due moment to the next until nothing is due any more; fails if that never happens."""
        await self.tick()
        for _ in range(rounds):
            moment = await self._next()
            if moment is None:
                return
            self.world.clock.set(max(moment, self.world.clock.now()))
            await self.tick()
        raise AssertionError(f"something goes on for ever: due next at {await self._next()}")

    async def _next(self) -> datetime | None:
        deadlines = [deadline.at for deadline in await self.world.deadlines.due(_LONG_AFTER)]
        fronts = [
            front.due
            for service, entity in await self.world.ledger.due(_LONG_AFTER)
            if (front := await self.world.ledger.first_waiting(service, entity))
        ]
        return min([*deadlines, *fronts], default=None)
