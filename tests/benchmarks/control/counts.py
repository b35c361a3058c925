"""Storage calls, counted at the SDK's transport."""

from dataclasses import dataclass

from shared.adapters.memory import ManualClock
from shared.adapters.memory.evidence import MemoryEvidence
from shared.adapters.memory.hubs import MemoryEventPublisher, MemoryHubReader
from shared.events import Event, ModelRejected, encode, from_cloud_event
from shared.policies import PolicyDocument
from shared.ports import Message
from shared.reactor import (
    Breaker,
    CatchingUp,
    DeadLetters,
    Decision,
    Facts,
    Known,
    Lane,
    Lanes,
    Publish,
    Reader,
    Reading,
    Service,
    Stalls,
    Stretch,
    lanes_of,
    ring,
)
from shared.reactor.sealing import seal
from tests.benchmarks.control.figures import Figure
from tests.benchmarks.control.workload import Control, Counted, production_services, service, timers, unheard
from tests.support.sample_service import registered
from tests.support.storage_calls import counted_calls

BARS = {0: 3, 1: 4, 3: 6}


@dataclass(frozen=True, slots=True)
class Counts:
    """What the formula of the costs reads. `decision` by number of effects, `fact` is all around one of them.

    `lanes` read hub `events`, `readers` are all functions that read some hub. `look` is what a process asks when it
    looks for the first time whether a reader stands behind its hub, and `idle` is a minute with a later look.
    """

    decision: dict[int, int]
    fact: int
    lanes: int
    readers: int
    look: int
    idle: int
    timers: int


async def count(control: Control) -> Counts:
    decision = {effects: await _decision(control, effects) for effects in BARS}
    fact, of_events = await _fact(control)
    return Counts(decision, fact, of_events, readers(), *await _idle(control), timers())


def lanes() -> list[Lane]:
    """Those of hub `events`."""
    return [lane for lane in lanes_of(production_services()).values() if lane.hub == "events"]


def readers() -> int:
    """Lanes of all hubs, folds, and intake."""
    services = production_services()
    return len(lanes_of(services)) + sum(len(each.folds) for each in services.values()) + 1


async def _decision(control: Control, effects: int) -> int:
    """The second of a chain, whose end this process knows. Where it does not, one more."""
    made, version = service(effects), f"counted-{effects}"
    await control.reactor.handle(made, control.envelope(version))
    envelope = control.envelope(version)
    with counted_calls() as calls:
        await control.reactor.handle(made, envelope)
    return len(calls)


async def _fact(control: Control) -> tuple[int, int]:
    """A fact that one service of all decides with one Publish, as all lanes of hub `events` see it, and the lanes.

    One more call for each lane: the checkpoint that the host writes after a batch.
    """
    frame = unheard()
    fact = from_cloud_event(frame)
    services = {**production_services(), "bench": _one_publish(type(fact.data))}
    clock = ManualClock(fact.time)
    reading = Reading(control.positions, MemoryHubReader(control.publisher), control.publisher, clock)
    letters = DeadLetters(control.publisher, MemoryEvidence(), clock)
    breaker, stalls = Breaker(control.lane_book, control.publisher, clock, "build"), Stalls(control.publisher, clock)
    readers = Lanes(control.reactor, reading, letters, control.lane_book, clock, breaker, stalls, services)
    of_events = [lane for lane in lanes_of(services).values() if lane.hub == "events"]
    for sequence in range(2):
        body = encode(from_cloud_event({**frame, "id": f"fact-{sequence}"}))
        message = Message("events", 0, sequence, body, clock.now())
        with counted_calls() as calls:
            for lane in of_events:
                await readers.consume(lane, [message])
    return len(calls) + len(of_events), len(of_events)


def _one_publish(event_type: type[Event]) -> Service[Counted]:
    made = Service("bench.bench", lane="lifecycle", state=Counted, acts_on_the_past=True)

    def decide(state: Counted, facts: Facts[Known], event: Event, policy: PolicyDocument) -> Decision[Counted]:
        return Decision(state, [Publish(event=ModelRejected(model=registered().model, reason="measured"))])

    made.reacts_to(event_type, decide=decide, entity=lambda event: event.entity, emits=[ModelRejected])
    return made


async def _idle(control: Control) -> tuple[int, int]:
    """The first look, and one minute of all that goes by the clock while nothing happens.

    What had grown is sealed before.
    """
    await seal(control.ledger, control.grown, control.seals)
    catching_up = _catching_up(control)
    with counted_calls() as first:
        await catching_up.run()
    with counted_calls() as calls:
        await catching_up.run()
        await ring(control.deadlines, control.publisher, control.clock)
        await control.reactor.resume(production_services())
        await seal(control.ledger, control.grown, control.seals)
    return len(first), len(calls)


def _catching_up(control: Control) -> CatchingUp:
    """With all of production's readers, whose hubs have two partitions each, as the templates say, and are empty."""
    hubs = MemoryHubReader(MemoryEventPublisher(partitions=2))
    made = CatchingUp(hubs, control.positions, control.clock)
    services = production_services()
    for lane in lanes_of(services).values():
        made.add(Reader(lane.name, lane.hub, _never))
    made.add(Reader("intake", "inbound", _never))
    for each in services.values():
        for hub in each.folds:
            made.add(Reader(each.name, hub, _never, control.folds.position))
    return made


async def _never(stretch: Stretch) -> None:
    raise AssertionError(f"{stretch} is behind in an empty hub")


def figures(counts: Counts) -> list[Figure]:
    return [
        *(
            Figure(f"storage calls, a decision with {effects} effects", counts.decision[effects], bar)
            for effects, bar in BARS.items()
        ),
        Figure(f"storage calls, a fact with one Publish in {counts.lanes} lanes", counts.fact, 14),
        Figure("storage calls, an idle minute of timers and seals", counts.idle, 15),
        Figure("storage calls, the same of a process that has just begun", counts.look + counts.idle, 15),
        Figure("executions, an idle minute of timers", counts.timers, 5),
    ]
