"""Lanes: one reader of a hub for several services. A batch is decoded once, and handed to whom it concerns.

Chains run side by side, each in its order. One message can harm only itself: what cannot be read or handled is kept as
a dead letter, what takes too long waits in its chain's queue. Only our own storage, when it is away, holds a position.
"""

import asyncio
import traceback
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.events import Entity, Envelope, Unreadable, decode
from shared.events.hubs import may_carry
from shared.ports import Clock, Hub, LaneBook, Message, Place, Unavailable
from shared.reactor.breaker import Breaker
from shared.reactor.dead_letters import DeadLetters
from shared.reactor.overruns import Overruns
from shared.reactor.patience import said
from shared.reactor.performing import said_of
from shared.reactor.reactor import Reactor
from shared.reactor.reading import Reading, Slice, Stretch
from shared.reactor.service import Service
from shared.reactor.stalls import Stalls

COMMANDS = "commands"
# How long one reaction may keep its lane; design: nothing in control runs longer.
BUDGET = timedelta(seconds=10)
# What is left of a slice by then waits in its chains' queues: a try at a partition ends by its own deadline.
REST_WAITS = timedelta(seconds=25)


@dataclass(frozen=True, slots=True)
class Lane:
    """A consumer group of `hub`, and the services that it reads for."""

    name: str
    hub: Hub
    services: Mapping[str, Service]

    def concerned(self, event: Any) -> list[tuple[Service, Entity]]:
        found = ((service, service.concerned(event)) for service in self.services.values())
        return [(service, entity) for service, entity in found if entity is not None]


def lanes_of(services: Mapping[str, Service]) -> dict[str, Lane]:
    """The lanes that these services declare on hub `events`, and the one of hub `decisions`, by name."""
    by_lane: dict[str, dict[str, Service]] = {}
    for name, service in services.items():
        if service.lane:
            by_lane.setdefault(service.lane, {})[name] = service
    lanes = {name: Lane(name, "events", members) for name, members in by_lane.items()}
    obeying = {name: service for name, service in services.items() if _obeys(service)}
    return {**lanes, COMMANDS: Lane(COMMANDS, "decisions", obeying)} if obeying else lanes


def readers_of(services: Mapping[str, Service]) -> Iterator[tuple[str, Hub]]:
    """Who reads which hub for these services: lanes, and folds."""
    yield from ((lane.name, lane.hub) for lane in lanes_of(services).values())
    yield from ((service.name, hub) for service in services.values() for hub in service.folds)


def _obeys(service: Service) -> bool:
    return any(event_type.carried_by == "decisions" for event_type in service.reactions)


type _Chain = list[tuple[Message, Envelope[Any]]]


class Lanes:
    def __init__(
        self, reactor: Reactor, reading: Reading, dead_letters: DeadLetters, book: LaneBook, clock: Clock,
        breaker: Breaker, stalls: Stalls, services: Collection[str], budget: timedelta = BUDGET,
        overruns: Overruns | None = None,
    ) -> None:  # fmt: skip
        """`services`: all that run, whichever their lanes. They start together, whichever lane is read first."""
        self._services = sorted(services)
        self._reactor, self._reading, self._dead, self._book = reactor, reading, dead_letters, book
        self._clock, self._breaker, self._stalls, self._budget = clock, breaker, stalls, budget
        self._overruns, self._since = overruns or Overruns(), dict[str, datetime | None]()

    async def consume(self, lane: Lane, messages: Sequence[Message]) -> None:
        """See a batch of one partition through. Raises `Unavailable` while something of ours cannot be written."""
        if not messages:
            return
        place = Place(lane.name, lane.hub, messages[0].partition)
        slices = self._reading.slices(place, messages)
        await self._stalls.watch(place, messages[0].sequence, self._see_through(lane, slices))

    async def catch_up(self, lane: Lane, behind: Stretch) -> None:
        """See to what was left behind, and note it whomever it concerned. Raises `Unavailable`."""
        work = self._see_through(lane, self._reading.behind(behind.place, behind.last), from_behind=True)
        await self._stalls.watch(behind.place, behind.first, work, behind.since)

    async def _see_through(self, lane: Lane, slices: AsyncIterator[Slice], *, from_behind: bool = False) -> None:
        await self._breaker.check(lane.name, afresh=from_behind)
        async for each in slices:
            was_for_us = await self._handle(lane, each.messages)
            await self._breaker.check(lane.name)
            await self._reactor.note_grown()
            await self._reading.moved(each, at_once=was_for_us or from_behind)

    async def _handle(self, lane: Lane, batch: Sequence[Message]) -> bool:
        """Whether anything of it concerned anybody, or had to be kept."""
        kept, chains = 0, dict[tuple[str, Entity], _Chain]()
        until = asyncio.get_running_loop().time() + REST_WAITS.total_seconds()
        for message in batch:
            envelope, found = await self._read(lane, message)
            kept += envelope is None
            for service, entity in found:
                if envelope and await self._is_due(service, message):
                    chains.setdefault((service.name, entity), []).append((message, envelope))
        async with asyncio.TaskGroup() as group:
            for (name, _), chain in chains.items():
                group.create_task(self._work_off(lane, lane.services[name], chain, until))
        return bool(chains or kept)

    async def _read(self, lane: Lane, message: Message) -> tuple[Envelope[Any] | None, list[tuple[Service, Entity]]]:
        """The event, and whom it concerns; None where it was kept as a dead letter."""
        try:
            envelope = decode(message.content(), self._clock.now())
            if not may_carry(message.hub, envelope.data):
                raise Unreadable(f"type: hub {message.hub} may not carry {envelope.data.type}")
            return envelope, lane.concerned(envelope.data)
        except Unreadable as reason:
            await self._dead.bury(lane.name, message, str(reason))
        except Exception as bug:  # noqa: BLE001 - who cannot say whom an event concerns must not hold the lane for others
            await self._dead.bury(lane.name, message, traceback.format_exc(limit=-5))
            await self._breaker.count(lane.name, said_of(bug))
        return None, []

    async def _is_due(self, service: Service, message: Message) -> bool:
        """A service that came later does not act on what lay in the hub before it, unless it asks to."""
        if not self._since:
            self._since.update(await self._book.first_runs(self._services, self._clock.now()))
        since = self._since[service.name]
        return since is None or service.acts_on_the_past or (message.enqueued_at or since) >= since

    async def _work_off(self, lane: Lane, service: Service, chain: _Chain, until: float) -> None:
        for message, envelope in chain:
            if asyncio.get_running_loop().time() > until:
                await self._reactor.postpone(service, envelope, f"its lane had no more than {REST_WAITS.seconds} s")
                continue
            bug = await self._one(service, message, envelope)
            await self._breaker.count(lane.name, bug)

    async def _one(self, service: Service, message: Message, envelope: Envelope[Any]) -> str:
        """The bug of ours that it met, in words; "" where it met none."""
        bugs: list[str] = []
        try:
            handling = self._reactor.handle(service, envelope, bugs)
            await self._overruns.within(self._budget, service.name, handling)
        except Unavailable:
            raise
        except TimeoutError as error:
            await self._reactor.postpone(service, envelope, said(error))
        except Exception as bug:  # noqa: BLE001 - a bug must not hold the partition: the event is kept, with the traceback
            await self._dead.bury(service.name, message, traceback.format_exc(limit=-5), envelope)
            bugs.append(said_of(bug))
        return bugs[0] if bugs else ""
