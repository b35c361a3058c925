"""The queue between the workspace and the hub: kept in the journal, in order, retried until the hub has each event."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from infra.local.azure_ml.events.delivery import Delivery
from infra.local.azure_ml.events.shapes import Event
from infra.local.azure_ml.journal import Journal, Record

log = logging.getLogger(__name__)


class Sink(Protocol):
    async def send(self, event: Event) -> None:
        """Deliver one event; raises when it may not have arrived."""

    async def close(self) -> None: ...


@dataclass
class Entry:
    """`due` is Unix time; a withheld entry waits for its release."""

    number: int
    event: Event
    due: float
    withheld: bool

    @property
    def type(self) -> str:
        return str(self.event["type"])


class Outbox:
    def __init__(self, journal: Journal, sink: Sink | None, records: Iterable[Record] = ()) -> None:
        self._journal, self._sink = journal, sink
        self._entries: dict[int, Entry] = {}
        self._number = 0
        self._wake = asyncio.Event()
        self._sent, self._doubled = Counter[str](), Counter[str]()
        self._last_error: str | None = None
        self.delivery = Delivery()
        for kind, value in records:
            if kind == "event":
                self._remember(Entry(**value))
            elif kind == "sent":
                self._entries.pop(value["number"], None)

    def publish(self, event: Event) -> None:
        """Queue an event; with no hub configured there is nobody to tell and nothing is kept."""
        if self._sink is None:
            return
        kind = event["type"]
        due = time.time() + self.delivery.delay(kind)
        self._add(event, due, self.delivery.withholds(kind))
        if self.delivery.doubles(kind):
            self._doubled[kind] += 1
            self._add(event, due, self.delivery.withholds(kind))

    def release(self) -> int:
        """Send what was withheld, in order, from now on; answers how many."""
        held = [entry for entry in self._entries.values() if entry.withheld]
        for entry in held:
            entry.withheld, entry.due = False, time.time()
            self._journal.append("event", asdict(entry))
        self._wake.set()
        return len(held)

    def report(self) -> dict[str, Any]:
        held = [entry for entry in self._entries.values() if entry.withheld]
        return {
            "delivery": self.delivery.model_dump(),
            "sent": dict(self._sent),
            "doubled": dict(self._doubled),
            "withheld": dict(Counter(entry.type for entry in held)),
            "queued": len(self._entries) - len(held),
            "last_error": self._last_error,
        }

    def records(self) -> list[Record]:
        return [("event", asdict(entry)) for entry in self._entries.values()]

    async def run(self) -> None:
        """Deliver until cancelled, one at a time: the order of what is due is kept through an outage."""
        if self._sink is None:
            return
        try:
            while True:
                entry = await self._next()
                await self._deliver(self._sink, entry)
                self._journal.append("sent", {"number": entry.number})
                self._sent[entry.type] += 1
                del self._entries[entry.number]
        finally:
            await self._sink.close()

    async def _deliver(self, sink: Sink, entry: Entry) -> None:
        pause_s = 0.1
        while True:
            try:
                await sink.send(entry.event)
            except Exception as error:  # noqa: BLE001 - whatever the outage looks like, the event stays first in line
                self._last_error = f"{type(error).__name__}: {error}"
                log.warning("event %s not delivered, trying again: %s", entry.event["id"], self._last_error)
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, 2.0)
            else:
                self._last_error = None
                return

    async def _next(self) -> Entry:
        while True:
            self._wake.clear()
            waiting = [entry for entry in self._entries.values() if not entry.withheld]
            now = time.time()
            due = [entry for entry in waiting if entry.due <= now]
            if due:
                return min(due, key=lambda entry: entry.number)
            soonest = min((entry.due for entry in waiting), default=None)
            try:
                async with asyncio.timeout(None if soonest is None else soonest - now):
                    await self._wake.wait()
            except TimeoutError:
                continue

    def _add(self, event: Event, due: float, withheld: bool) -> None:
        entry = Entry(self._number + 1, event, due, withheld)
        self._journal.append("event", asdict(entry))
        self._remember(entry)
        self._wake.set()

    def _remember(self, entry: Entry) -> None:
        self._entries[entry.number] = entry
        self._number = max(self._number, entry.number)
