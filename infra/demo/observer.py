"""Reads every hub from its beginning, and wakes who waits for an event."""

import asyncio
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from azure.eventhub.aio import EventHubConsumerClient

type CloudEvent = dict[str, Any]
HUBS = ("inbound", "events", "decisions", "predictions", "labels", "dead-letter")


class NothingCame(Exception):
    """An event that the story needs did not come in time; the message says which, and what came last."""


@dataclass
class Observer:
    """`seen` holds the CloudEvents of each hub in order of arrival; `copies` counts an id that came again.

    `patience_s`: how long an event may take to come. A machine that trains meanwhile takes its time.
    """

    root: str
    patience_s: float = 300
    seen: dict[str, list[CloudEvent]] = field(default_factory=lambda: {hub: [] for hub in HUBS})
    messages: dict[str, int] = field(default_factory=lambda: dict.fromkeys(HUBS, 0))
    copies: int = 0
    _ids: set[str] = field(default_factory=set)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _clients: list[EventHubConsumerClient] = field(default_factory=list)

    async def __aenter__(self) -> "Observer":
        for hub in HUBS:
            client = EventHubConsumerClient.from_connection_string(
                self.root, consumer_group="observers", eventhub_name=hub
            )
            self._clients.append(client)
            self._tasks.append(asyncio.create_task(self._read(hub, client)))
        return self

    async def __aexit__(self, *_: object) -> None:
        for client in self._clients:
            await client.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _read(self, hub: str, client: EventHubConsumerClient) -> None:
        async def note(_: Any, messages: list[Any]) -> None:
            async with self._changed:
                for message in messages:
                    self.messages[hub] += 1
                    self._note(hub, json.loads(message.body_as_str()))
                self._changed.notify_all()

        await client.receive_batch(note, starting_position="-1", max_wait_time=None, prefetch=1000)

    def _note(self, hub: str, body: Any) -> None:
        for event in body if isinstance(body, list) else [body]:
            if event["id"] in self._ids:
                self.copies += 1
                continue
            self._ids.add(event["id"])
            self.seen[hub].append(event)

    def all(self, kind: str, hub: str = "events") -> list[CloudEvent]:
        """Every event whose type ends in `kind`, for example `promotion.completed`."""
        return [event for event in self.seen[hub] if event["type"].endswith(kind)]

    async def wait(
        self, kinds: Iterable[str], matching: Callable[[CloudEvent], bool] = bool, timeout_s: float = 0
    ) -> CloudEvent:
        """The first event of one of these kinds on hub `events` that matches; raises `NothingCame`."""
        wanted, timeout_s = tuple(kinds), timeout_s or self.patience_s

        def first() -> CloudEvent | None:
            return next((event for kind in wanted for event in self.all(kind) if matching(event)), None)

        found = await self.until(first, timeout_s)
        if found is None:
            raise NothingCame(self._complaint(wanted, timeout_s))
        return found

    async def until[T](self, found: Callable[[], T], timeout_s: float) -> T:
        """What it finds, as soon as that is true; what it finds last when time is up."""
        try:
            async with asyncio.timeout(timeout_s), self._changed:
                return await self._changed.wait_for(found)
        except TimeoutError:
            return found()

    def _complaint(self, wanted: tuple[str, ...], timeout_s: float) -> str:
        last = [event["type"] for event in self.seen["events"][-5:]]
        dead = [event["data"]["reason"] for event in self.seen["dead-letter"][-3:]]
        return f"no {' or '.join(wanted)} within {timeout_s:g} s; last on hub events: {last}; dead letters: {dead}"
