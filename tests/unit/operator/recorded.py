"""A ledger filled through the reactor's own recording, and copies of it that can be altered by hand."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from shared.adapters.memory.ledger import MemoryLedger
from shared.events import Entity, Envelope, Event
from shared.ports import Head, Lease, Ledger, Mark, Outcome, Progress
from shared.reactor import Decision, Effect, Facts, Known, Occasion, Publish, State
from shared.reactor.recording import link, write_entry
from tests.support.builders import NOW


class Counted(State):
    seen: int = 0


@dataclass
class Recorder:
    """Writes decisions as the reactor does, one second apart, with all effects performed."""

    ledger: Ledger = field(default_factory=MemoryLedger)
    now: datetime = NOW

    async def decide(
        self,
        service: str,
        cause: Envelope[Any],
        *effects: Effect,
        entity: Entity | None = None,
        outcome: Outcome = "performed",
    ) -> list[Envelope[Any]]:
        """Record that `service` decided about `cause`; the events it published."""
        self.now += timedelta(seconds=1)
        about = entity or cause.data.entity
        head = await self.ledger.head(service, about)
        facts = Facts(self.now, cause.id, Known())
        decision = Decision(Counted(seen=head.length + 1), effects)
        entry = write_entry(service, about, head, cause, facts, "cd" * 32, decision)
        progress = await self.ledger.record(entry, head, Lease("tests", timedelta(seconds=30)) if effects else None)
        if effects:
            marks = {index: Mark(outcome) for index in range(len(effects))}
            await self.ledger.settle(progress, marks, link(entry, marks))
        return [
            Occasion(service, about, cause, entry.decided_at, index).follow_up(effect.event)
            for index, effect in enumerate(effects)
            if isinstance(effect, Publish)
        ]

    async def concludes(self, service: str, cause: Envelope[Any], event: Event) -> Envelope[Any]:
        """Record a decision that publishes one event, and return it."""
        return (await self.decide(service, cause, Publish(event=event)))[0]


@dataclass
class AlteredChain:
    """A chain as its rows say it is, whatever that is."""

    service: str
    entity: Entity
    head: Head
    entries: list[Progress]


@dataclass
class AlteredLedger:
    """What is left of a ledger after somebody wrote into its table."""

    rows: list[AlteredChain]

    @classmethod
    async def of(cls, ledger: Ledger) -> "AlteredLedger":
        return cls(
            [
                AlteredChain(service, entity, head, [each async for each in ledger.entries(service, entity)])
                async for service, entity, head in ledger.chains()
            ]
        )

    async def chains(self) -> AsyncIterator[tuple[str, Entity, Head]]:
        for chain in self.rows:
            yield chain.service, chain.entity, chain.head

    async def head(self, service: str, entity: Entity) -> Head:
        return next(chain.head for chain in self.rows if (chain.service, chain.entity) == (service, entity))

    async def entries(self, service: str, entity: Entity) -> AsyncIterator[Progress]:
        """In the order of positions, as the table adapter reads them."""
        for chain in self.rows:
            if (chain.service, chain.entity) == (service, entity):
                for each in sorted(chain.entries, key=lambda progress: progress.entry.position):
                    yield each

    def alter(self, chain: int, index: int, **changes: Any) -> None:
        entries = self.rows[chain].entries
        entries[index] = replace(entries[index], entry=replace(entries[index].entry, **changes))

    def cut(self, chain: int, length: int) -> None:
        """Keep the first `length` entries, and a head that fits them: what a thorough intruder does."""
        rows = self.rows[chain]
        rows.entries = rows.entries[:length]
        last = rows.entries[-1].entry
        rows.head = replace(rows.head, state=last.state, hash=last.hash, length=length)
