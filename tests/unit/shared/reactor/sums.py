"""A fold that adds up labels by endpoint, and a hub partition full of them."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from shared.adapters.memory import (
    ManualClock,
    MemoryEventPublisher,
    MemoryEvidence,
    MemoryFolds,
    MemoryHubReader,
    MemoryLetterBook,
)
from shared.events import Entity, Envelope, LabelsRecorded, ModelRejected, derive_id, encode
from shared.ports import Folds, Message, Place, Position
from shared.reactor import DeadLetters, FoldFailures, Folding, FoldResult, HubLog, Row, Service, Stalls, State, Wiring
from shared.reactor.fold_codec import decode_state
from tests.support.builders import NOW, endpoint_ref, envelope
from tests.support.faulty import Faults, Faulty
from tests.support.sample_service import registered

PLACE = Place("sums", "labels", 0)


class Sum(State):
    total: int = 0
    rows: int = 0


async def add(state: Sum, rows: Sequence[Row], partition: int) -> FoldResult[Sum]:
    """Announces every tenth message."""
    events: list[Envelope[Any]] = []
    for row in rows:
        (value,) = row.envelope.data.labels
        state = Sum(total=state.total + int(value), rows=state.rows + 1)
        if row.sequence % 10 == 9:
            data = ModelRejected(model=registered().model, reason=f"number {row.sequence}")
            identity = derive_id(str(partition), str(row.sequence))
            events.append(Envelope.first(data, id=identity, source="/test", time=NOW))
    return FoldResult(state, events)


def entity(name: str) -> Entity:
    return endpoint_ref(name).entity


def labels(sequence: int, name: str = "flights", value: float | None = None) -> Message:
    """One label, its own number as a rule."""
    data = LabelsRecorded(
        endpoint=endpoint_ref(name), keys=(f"k{sequence}",), observed_at=(NOW,),
        labels=(float(sequence) if value is None else value,),
    )  # fmt: skip
    return Message("labels", 0, sequence, encode(envelope(data, id=f"e{sequence}", time=NOW)))


class Sums:
    """Everything that survives a crash, and the app that folds now."""

    def __init__(self, fold: Any = add, state: type[State] = Sum, slice: int = 7, folds: Folds | None = None) -> None:
        self.service = Service("services.sums", lane="sums", state=State)
        self.service.folds_from("labels", state=state, fold=fold, types=[LabelsRecorded])
        self.faults, self.clock = Faults(), ManualClock(NOW)
        self.hubs, self.folds, self.evidence = MemoryEventPublisher(), folds or MemoryFolds(), MemoryEvidence()
        self.letters, self._slice = MemoryLetterBook(), slice
        self.restart()

    def restart(self) -> None:
        """Another instance, which knows nothing of what the one before had in memory."""
        self.faults.instance += 1
        self.faults.crash_in = None
        publisher, folds = Faulty(self.hubs, self.faults), Faulty(self.folds, self.faults)
        evidence, book = Faulty(self.evidence, self.faults), Faulty(self.letters, self.faults)
        reader = Faulty(MemoryHubReader(self.hubs), self.faults)
        dead = DeadLetters(publisher, evidence, self.clock, book)
        failures = FoldFailures(dead, evidence, publisher, self.clock)
        log = HubLog(reader, publisher, self.clock, self._slice)
        stalls = Stalls(publisher, self.clock)
        self.folding = Folding(Wiring({}), folds, publisher, log, failures, stalls, self.clock)

    def hold(self, *messages: Message) -> None:
        """What the hub has."""
        self.hubs.messages["labels", 0] = list(messages)

    async def fold(self, *messages: Message) -> None:
        await self.folding.fold(self.service, "labels", messages)

    async def position(self) -> Position:
        return await self.folds.position(PLACE) or Position("")

    async def state(self, name: str = "flights", kind: type[State] = Sum) -> Any:
        found = await self.folds.states(PLACE, [str(entity(name))])
        return decode_state(found[str(entity(name))], kind) if found else kind()

    async def total(self, name: str = "flights") -> int:
        return int((await self.state(name)).total)

    def said(self, kind: type[Any]) -> list[Any]:
        """Events of this type on hub `events`, each id once."""
        found = {each.id: each.data for each in self.hubs.published["events"] if isinstance(each.data, kind)}
        return list(found.values())

    def buried(self) -> dict[int, str]:
        """Reasons of dead letters by sequence number."""
        return {each.data.sequence: each.data.reason for each in self.hubs.published["dead-letter"]}

    def tomorrow(self) -> None:
        self.clock.advance(timedelta(days=1))
