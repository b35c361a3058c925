"""A reactor over memory adapters, with one sample service and a hand on the clock."""

from datetime import timedelta
from typing import Any

from shared import ports
from shared.adapters.memory.brakes import MemoryBrakes
from shared.adapters.memory.clock import ManualClock
from shared.adapters.memory.deadlines import MemoryDeadlines
from shared.adapters.memory.evidence import MemoryEvidence
from shared.adapters.memory.hubs import MemoryEventPublisher
from shared.adapters.memory.jobs import MemoryJobs
from shared.adapters.memory.ledger import MemoryLedger
from shared.adapters.memory.notifier import MemoryNotifier
from shared.events import Envelope, Event
from shared.reactor import Breaker, Handled, Patience, Reactor, Wiring
from tests.support.sample_service import POLICY, Trouble, registered, sample_service


class Bench:
    """`published()` are the data of all events on hub `events`, in order."""

    def __init__(self) -> None:
        self.policy, self.brakes = POLICY, MemoryBrakes()
        self.clock, self.trouble = ManualClock(), Trouble()
        self.ledger = MemoryLedger(self.clock)
        self.publisher, self.deadlines, self.evidence = MemoryEventPublisher(), MemoryDeadlines(), MemoryEvidence()
        self.service = sample_service()
        self.wiring = Wiring(
            {
                Trouble: self.trouble,
                ports.Clock: self.clock,
                ports.Deadlines: self.deadlines,
                ports.EventPublisher: self.publisher,
                ports.Evidence: self.evidence,
                ports.Jobs: MemoryJobs([]),
                ports.Notifier: MemoryNotifier(),
            }
        )
        self.patience = Patience(lease=timedelta(seconds=10), limit=timedelta(minutes=5))
        self.reactor = self.another_instance("one")

    def another_instance(self, owner: str, breaker: Breaker | None = None) -> Reactor:
        return Reactor(
            self.wiring, self.ledger, self.publisher, self.clock, self.policy, owner, self.patience, self.brakes,
            breaker=breaker,
        )  # fmt: skip

    def envelope(self, event: Event, id: str = "e1") -> Envelope[Any]:
        return Envelope.first(event, id=id, source="/test", time=self.clock.now())

    async def handle(self, event: Event | None = None, id: str = "e1", by: Reactor | None = None) -> Handled:
        return await (by or self.reactor).handle(self.service, self.envelope(event or registered(), id))

    async def sweep(self, later: timedelta = timedelta(minutes=1)) -> int:
        self.clock.advance(later)
        return await self.reactor.resume({self.service.name: self.service})

    def published(self) -> list[Event]:
        return [envelope.data for envelope in self.publisher.published["events"]]

    async def seen(self) -> int:
        head = await self.ledger.head("sample", registered().entity)
        return int((head.state or {}).get("seen", 0))
