"""Three readers over hubs of two partitions: intake, a lane and a fold, and a host that moves on.

As in Azure the host tries a batch a few times and then moves its checkpoint, whatever became of it; a batch that holds
a body of no bytes reaches no function at all.
"""

import asyncio
import inspect
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, ClassVar

from shared import ports
from shared.adapters import memory
from shared.adapters.table import adapters_in, built
from shared.events import Entity, Envelope, LabelsRecorded, ModelRef, ModelRegistered, decode, encode
from shared.policies import PolicyDocument
from shared.ports import Hub, Message, Place, Position, Unavailable
from shared.reactor import Decision, Effect, Facts, Known, Occasion, Runtime, Service, State, Stretch
from shared.reactor.fold_codec import decode_state
from shared.reactor.stalls import DEADLINE
from tests.support.builders import NOW, endpoint_ref, envelope
from tests.support.sample_service import POLICY, WORKSPACE
from tests.unit.shared.reactor.sums import Sum, add

CHAINS, BATCH, TRIES, STEP_S = 3, 100, 4, 5
READERS: tuple[tuple[str, Hub], ...] = (("intake", "inbound"), ("samples", "events"), ("sums", "labels"))
_OUTSIDE = (ports.EventPublisher, ports.HubReader, ports.Clock)


class Seen(State):
    numbers: tuple[int, ...] = ()


class Bells:
    """Where effects are heard, outside: a second time would be heard, too."""

    def __init__(self) -> None:
        self.rung: Counter[int] = Counter()


class Ring(Effect):
    kind: ClassVar[str] = "plant_ring"
    number: int

    async def perform(self, occasion: Occasion, bells: Bells) -> None:
        bells.rung[self.number] += 1


def chain(name: str) -> Entity:
    return Entity.of(WORKSPACE, "plant", name)


def decide(state: Seen, facts: Facts[Known], event: ModelRegistered, policy: PolicyDocument) -> Decision[Seen]:
    number = int(event.model.version)
    return Decision(Seen(numbers=(*state.numbers, number)), [Ring(number=number)])


def services() -> dict[str, Service[Any]]:
    keeper = Service("services.keeper", lane="samples", state=Seen, acts_on_the_past=True)
    keeper.reacts_to(ModelRegistered, decide=decide, entity=lambda event: chain(event.model.name))
    sums = Service("services.sums", state=State)
    sums.folds_from("labels", state=Sum, fold=add, types=[LabelsRecorded])
    return {"keeper": keeper, "sums": sums}


def fact(number: int) -> Envelope[Any]:
    model = ModelRef(workspace=WORKSPACE, name=f"m{number % CHAINS}", version=str(number))
    return Envelope.first(ModelRegistered(model=model), id=f"e{number}", source="/plant", time=NOW)


def translate(body: bytes) -> tuple[Sequence[Envelope[Any]], str]:
    return ([fact(int(body))], "") if body.isdigit() else ([], "body: a number is required")


class Positions(memory.MemoryPositions):
    """Fails a test that moves one back within one log."""

    async def move(self, place: Place, before: Position | None, after: Position) -> Position:
        assert before is None or before.epoch != after.epoch or before.sequence < after.sequence
        return await super().move(place, before, after)


class Guarded:
    """A port of our storage: away while the plant says so, and others may do something before each call."""

    def __init__(self, inner: Any, plant: "Plant") -> None:
        self._inner, self._plant = inner, plant

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)

        async def once(*positional: Any, **named: Any) -> Any:
            await self._plant.ask()
            return await method(*positional, **named)

        async def each(*positional: Any, **named: Any) -> Any:
            await self._plant.ask()
            async for found in method(*positional, **named):
                yield found

        return once if inspect.iscoroutinefunction(method) else each


class Instance:
    """One process of control."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime, self._intake = runtime, runtime.translating(translate)

    async def consume(self, place: Place, batch: Sequence[Message]) -> None:
        runtime = self.runtime
        if place.reader == "intake":
            await self._intake.consume(batch)
        elif place.reader == "sums":
            await runtime.folding.fold(runtime.services["sums"], place.hub, batch)
        else:
            await runtime.lanes.consume(runtime.lanes_by_name[place.reader], batch)

    async def catch_up(self, behind: Stretch) -> None:
        for each in self.runtime._catching_up._readers:
            if (each.name, each.hub) == behind.place[:2]:
                await each.catch_up(behind)


class Plant:
    """`instances` are processes over one storage, `checkpoints` what the host has passed, by place.

    `seed`: calls of storage take their time, so that what runs side by side is mixed.
    """

    def __init__(self, instances: int = 1, seed: int | None = None, deadline: timedelta = DEADLINE) -> None:
        self.clock, self.bells, self.is_away = memory.ManualClock(NOW), Bells(), False
        self._deadline, self._random = deadline, random.Random(seed) if seed is not None else None
        self.hub = memory.MemoryEventPublisher(partitions=2, clock=self.clock)
        self.positions, self.folds = Positions(self.clock), memory.MemoryFolds(self.clock)
        given: dict[type, object] = {
            ports.Clock: self.clock, ports.EventPublisher: self.hub, ports.Positions: self.positions,
            ports.Folds: self.folds, ports.HubReader: memory.MemoryHubReader(self.hub),
            ports.Jobs: memory.MemoryJobs([]), ports.Models: memory.MemoryModels([]),
        }  # fmt: skip
        self.ports = built(adapters_in("shared.adapters.memory"), given)
        self._started = instances
        self.instances = [self._instance(f"instance-{number}") for number in range(instances)]
        self.checkpoints, self.tries = Counter[Place](), Counter[Place]()

    def _instance(self, name: str) -> Instance:
        guarded = {port: each if port in _OUTSIDE else Guarded(each, self) for port, each in self.ports.items()}
        provided = {**guarded, Bells: self.bells}
        return Instance(Runtime(provided, services(), POLICY, owner=name, build="a build", deadline=self._deadline))

    async def ask(self) -> None:
        """Before each call of storage. Raises `Unavailable`."""
        for _ in range(self._random.randrange(4) if self._random else 0):
            await asyncio.sleep(0)
        if self.is_away:
            raise Unavailable("our storage is away")

    def restart(self, number: int) -> None:
        """Another process in place of this one, which knows nothing of what that had in memory."""
        self._started += 1
        self.instances[number] = self._instance(f"instance-{self._started}")

    @contextmanager
    def outage(self) -> Iterator[None]:
        """Our storage is away, and the hubs are not."""
        self.is_away = True
        yield
        self.is_away = False

    def send(self, number: int) -> None:
        """One message to each hub that outsiders may write to: a fact on its way to the lane, and a row to count."""
        self.hub.put("inbound", number % 2, str(number).encode())
        row = LabelsRecorded(endpoint=endpoint_ref(), keys=(f"k{number}",), observed_at=(NOW,), labels=(1.0,))
        self.hub.put("labels", number % 2, encode(envelope(row, id=f"row-{number}", time=NOW)))

    @property
    def places(self) -> list[Place]:
        return [Place(*reader, partition) for reader in READERS for partition in self.hub.partitions]

    async def deliver(self, place: Place, by: int = 0) -> None:
        """One try of the host at its next batch. After the last one it goes on, whatever became of it."""
        batch = self.hub.messages[place.hub, place.partition][self.checkpoints[place] :][:BATCH]
        if not batch:
            return
        self.tries[place] += 1
        is_done = not any(message.flaw for message in batch) and await self._tried(self.instances[by], place, batch)
        if is_done or self.tries[place] == TRIES:
            self.checkpoints[place] += len(batch)
            self.tries[place] = 0

    async def _tried(self, instance: Instance, place: Place, batch: Sequence[Message]) -> bool:
        failed = []
        try:
            await instance.consume(place, batch)
        except* Unavailable as error:
            failed.append(error)
        return not failed

    async def tick(self, by: int = 0) -> None:
        """What the timer does that is of interest here."""
        runtime = self.instances[by].runtime
        try:
            await runtime.catch_up()
            await runtime.reactor.resume(runtime.services)
        except* Unavailable:
            assert self.is_away

    async def run(self, seconds: int) -> None:
        """So long, while the host delivers every few seconds and the timer fires every minute."""
        for _ in range(seconds // STEP_S):
            self.clock.advance(timedelta(seconds=STEP_S))
            for place in self.places:
                await self.deliver(place)
            if (self.clock.now() - NOW).seconds % 60 == 0:
                await self.tick()

    async def behind(self) -> dict[Place, int]:
        """By place, how many messages were not seen to, where there are any."""
        left = {place: await self._left(place) for place in self.places}
        return {place: count for place, count in left.items() if count}

    async def _left(self, place: Place) -> int:
        asked = self.folds.position if place.reader == "sums" else self.positions.read
        position = await asked(place)
        return len(self.hub.messages[place.hub, place.partition]) - 1 - (position.sequence if position else -1)

    async def seen(self, name: str) -> tuple[int, ...]:
        """The numbers that a chain has decided about, in its order."""
        ledger: ports.Ledger = self.ports[ports.Ledger]
        head = await ledger.head("keeper", chain(name))
        return Seen.model_validate(head.state or {}).numbers

    async def rows(self) -> int:
        found = await self.folds.of("sums", "labels", str(endpoint_ref().entity))
        return sum(decode_state(body, Sum).rows for body in found.values() if body)

    def buried(self) -> dict[Place, str]:
        """The reason of each dead letter by the place of its message: `partition` is the message's number here."""
        letters = [each.data for each in self.hub.published["dead-letter"]]
        return {Place(each.service, each.hub, each.sequence): each.reason for each in letters}

    async def assert_each_once_and_in_order(self, numbers: range) -> None:
        assert self.bells.rung == Counter(numbers)
        for name in range(CHAINS):
            seen = await self.seen(f"m{name}")
            for came in self._came(name).values():
                assert [each for each in seen if each in came] == came
        assert await self.rows() == len(numbers)

    def _came(self, name: int) -> dict[int, list[int]]:
        """The numbers of a chain as each partition of hub `events` got them first."""
        found = {}
        for partition in self.hub.partitions:
            events = [decode(message.body).data for message in self.hub.messages["events", partition] if message.body]
            numbers = [int(each.model.version) for each in events if isinstance(each, ModelRegistered)]
            found[partition] = list(dict.fromkeys(each for each in numbers if each % CHAINS == name))
        return found
