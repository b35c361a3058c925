"""One lane over memory adapters, with a hub whose numbers a test may leave out."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from shared.adapters.memory import MemoryLaneBook, MemoryLetterBook
from shared.adapters.memory.letter_bodies import MemoryLetterBodies
from shared.adapters.memory.positions import MemoryPositions
from shared.events import DeadLettered, Event, ModelRejected, encode
from shared.ports import Extent, Hub, Message, Place, Unavailable
from shared.reactor import Breaker, DeadLetters, Lane, Lanes, Overruns, Reading, Stalls
from shared.reactor.lanes import BUDGET
from tests.support.sample_service import registered
from tests.unit.shared.reactor.bench import Bench

PLACE = Place("samples", "events", 0)


class LaneBench:
    """`hub` holds what can be read back; `read_back` counts how often that was asked for."""

    def __init__(self) -> None:
        self.bench, self.positions, self.book = Bench(), MemoryPositions(), MemoryLaneBook()
        self.bodies, self.hub, self.read_back, self.since = (
            MemoryLetterBodies(),
            list[Message](),
            0,
            "2026-01-01T00:00Z",
        )
        self.lane = Lane("samples", "events", {"sample": self.bench.service})
        self.lanes = self.another_instance()

    def another_instance(
        self, build: str = "one", budget: timedelta = BUDGET, overruns: Overruns | None = None
    ) -> Lanes:
        bench = self.bench
        reading = Reading(self.positions, self, bench.publisher, bench.clock)
        letters = DeadLetters(bench.publisher, self.bodies, bench.clock, MemoryLetterBook())
        breaker = Breaker(self.book, bench.publisher, bench.clock, build)
        stalls = Stalls(bench.publisher, bench.clock)
        bench.reactor = bench.another_instance(build, breaker)
        return Lanes(
            bench.reactor, reading, letters, self.book, bench.clock, breaker, stalls, self.lane.services, budget,
            overruns,
        )  # fmt: skip

    @contextmanager
    def tables_down(self) -> Iterator[None]:
        """Nothing can be asked of the ledger, and nothing written."""

        async def broken(*_: object) -> None:
            raise Unavailable("tables are down")

        with pytest.MonkeyPatch.context() as patch:
            for name in ("head", "find", "record", "wait"):
                patch.setattr(self.bench.ledger, name, broken)
            yield

    async def read(self, hub: Hub, partition: int, first: int, last: int, group: str = "") -> Sequence[Message]:
        self.read_back += 1
        return [message for message in self.hub if first <= message.sequence <= last]

    async def held(self, hub: Hub, partition: int) -> range:
        numbers = [message.sequence for message in self.hub]
        return range(min(numbers), max(numbers) + 1) if numbers else range(0)

    async def epoch(self, hub: Hub) -> str:
        return self.since

    async def extent(self, hub: Hub) -> Extent:
        return Extent(self.since, {0: await self.held(hub, 0)})

    def message(self, sequence: int, body: bytes | None = None, version: str = "") -> Message:
        """A model registered, which the sample service rejects."""
        event = registered(version or str(sequence))
        written = encode(self.bench.envelope(event, id=f"e{version or sequence}")) if body is None else body
        return Message("events", 0, sequence, written, self.bench.clock.now())

    def of(self, event: Event, sequence: int) -> Message:
        return Message("events", 0, sequence, encode(self.bench.envelope(event, id=f"e{sequence}")))

    async def consume(self, *messages: Message, by: Lanes | None = None) -> None:
        await (by or self.lanes).consume(self.lane, messages)

    async def position(self) -> int | None:
        written = await self.positions.read(PLACE)
        return written.sequence if written else None

    def told[E: Event](self, event_type: type[E]) -> list[E]:
        return [event for event in self.bench.published() if isinstance(event, event_type)]

    def rejected(self) -> list[str]:
        return [event.model.version for event in self.told(ModelRejected)]

    def dead(self) -> list[DeadLettered]:
        letters: Any = self.bench.publisher.published["dead-letter"]
        return [envelope.data for envelope in letters]
