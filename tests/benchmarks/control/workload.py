"""Control over real storage, as production wires it, with a service whose decisions have so many effects."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar
from uuid import uuid4

from services import deciding
from shared import ports
from shared.adapters.azure.storage.account import Storage
from shared.adapters.azure.storage.brakes import TableBrakes
from shared.adapters.azure.storage.deadlines import TableDeadlines
from shared.adapters.azure.storage.evidence import BlobEvidence
from shared.adapters.azure.storage.folds import TableFolds
from shared.adapters.azure.storage.grown import TableGrown
from shared.adapters.azure.storage.lane_book import TableLaneBook
from shared.adapters.azure.storage.ledger import TableLedger
from shared.adapters.azure.storage.positions import TablePositions
from shared.adapters.azure.storage.seals import BlobSeals
from shared.adapters.clock import SystemClock
from shared.adapters.memory.hubs import MemoryEventPublisher
from shared.events import Envelope, ModelRegistered, ModelRejected
from shared.events.catalogue import event_types
from shared.policies import PolicyDocument
from shared.reactor import Decision, Effect, Facts, Known, Occasion, Patience, Publish, Reactor, Service, State, Wiring
from tests.support.sample_service import POLICY, registered

TABLES = ("ledger", "pending", "brakes", "deadlines", "positions", "grown", "folds")
CONTAINERS = ("evidence", "seals")


class Counted(State):
    seen: int = 0


class Nothing(Effect):
    """Costs nothing, so that what is counted is the reactor's."""

    kind: ClassVar[str] = "bench_nothing"
    note: str = ""

    async def perform(self, occasion: Occasion) -> None:
        return None


def service(effects: int, publishes: bool = False) -> Service[Counted]:
    """Decides about a registration with `effects` effects, one of which publishes if so asked."""

    def decide(
        state: Counted, facts: Facts[Known], event: ModelRegistered, policy: PolicyDocument
    ) -> Decision[Counted]:
        published = [Publish(event=ModelRejected(model=event.model, reason="measured"))] if publishes else []
        nothing = [Nothing(note=str(number)) for number in range(effects - len(published))]
        return Decision(Counted(seen=state.seen + 1), [*published, *nothing])

    made = Service(f"bench.bench{effects}{'p' * publishes}", lane="lifecycle", state=Counted)
    made.reacts_to(ModelRegistered, decide=decide, emits=[ModelRejected])
    return made


@dataclass
class Control:
    """Real adapters over one account; events that are published go nowhere."""

    storage: Storage

    def __post_init__(self) -> None:
        tables, blobs = self.storage.tables, self.storage.blobs
        self.clock, self.publisher = SystemClock(), MemoryEventPublisher()
        self.ledger, self.grown = TableLedger(tables, BlobEvidence(blobs)), TableGrown(tables)
        self.brakes, self.deadlines = TableBrakes(tables), TableDeadlines(tables)
        self.positions, self.lane_book, self.seals = TablePositions(tables), TableLaneBook(tables), BlobSeals(blobs)
        self.folds = TableFolds(tables)
        wiring = Wiring({ports.EventPublisher: self.publisher, ports.Deadlines: self.deadlines})
        self.reactor = Reactor(
            wiring, self.ledger, self.publisher, self.clock, POLICY, "bench", Patience(), self.brakes, self.grown
        )

    async def create(self) -> None:
        for table in TABLES:
            await self.storage.tables.create_table(table)
        for container in CONTAINERS:
            await self.storage.blobs.create_container(container)

    def envelope(self, version: str | None = None) -> Envelope[Any]:
        """Of a chain of its own, unless `version` names one."""
        event = registered(version or uuid4().hex)
        return Envelope.first(event, id=uuid4().hex, source="/bench", time=self.clock.now())


def production_services() -> dict[str, Service[Any]]:
    return dict(deciding("control"))


def timers() -> int:
    """Functions of control that a timer wakes."""
    source = Path(__file__).resolve().parents[3] / "function_app/control"
    return sum(path.read_text(encoding="utf-8").count("@app.timer_trigger") for path in source.glob("*.py"))


def unheard() -> dict[str, Any]:
    """The example of an event on hub `events` to which no service reacts yet, so that the one added here is alone."""
    heard = {event_type for each in production_services().values() for event_type in each.reactions}
    types = event_types()
    name = min(name for name, each in types.items() if each.carried_by == "events" and each not in heard)
    path = Path(__file__).resolve().parents[3] / f"shared/events/examples/{name}/{types[name].version}/typical.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
