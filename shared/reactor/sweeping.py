"""The sweeper: whatever waits is tried again, many chains at once, and no chain can stop another.

What this build cannot decide, since a service is gone or a newer build wrote it, waits for one that can, and in the end
it is given up: recorded, said, and to be redriven.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Protocol

from shared.events import ActionFailed, Entity, Envelope, Unreadable, derive_id, from_cloud_event
from shared.ports import Clock, EventPublisher, Ledger, Moved, Progress, Unavailable, Waiting
from shared.reactor.breaker import Breaker
from shared.reactor.deciding import Case
from shared.reactor.growth import Growth
from shared.reactor.other_builds import OtherBuild, is_of_a_newer_build
from shared.reactor.overdue import Overdue
from shared.reactor.patience import GATHER, Handled, Patience, said
from shared.reactor.performing import Performing
from shared.reactor.recording import write_given_up
from shared.reactor.service import Service

log = logging.getLogger("sluice.sweeper")
_AT_ONCE = 16
_LOOKED_AT = 256
# What ends a single try that hangs; a chain with much to do is left between two events.
_CHAIN_S = 30.0
# A message that is redelivered, and whoever is at work on a chain, come back to it long before.
_LEFT = timedelta(hours=1)


class Chains(Protocol):
    """The reactor, as far as it is needed here."""

    def chain(self, service: str, entity: Entity) -> asyncio.Lock: ...

    def case(self, service: Service, envelope: Envelope[Any], waiting: Waiting | None = None) -> Case | None: ...

    async def retry(self, case: Case) -> Handled: ...


class Sweeper:
    def __init__(
        self, reactor: Chains, ledger: Ledger, publisher: EventPublisher, clock: Clock, policy: str,
        patience: Patience, growth: Growth, performing: Performing, overdue: Overdue, breaker: Breaker | None,
    ) -> None:  # fmt: skip
        self._reactor, self._ledger, self._publisher, self._clock = reactor, ledger, publisher, clock
        self._policy, self._patience, self._growth = policy, patience, growth
        self._performing, self._overdue, self._breaker = performing, overdue, breaker

    async def sweep(self, services: Mapping[str, Service], budget: timedelta) -> int:
        """Every chain that is due, each once; how many were looked at. Raises `Unavailable` when none can be found."""
        until = asyncio.get_running_loop().time() + budget.total_seconds()
        free, tried = asyncio.Semaphore(_AT_ONCE), set[tuple[str, Entity]]()
        while asyncio.get_running_loop().time() < until:
            due = [chain for chain in await self._ledger.due(self._clock.now(), _LOOKED_AT) if chain not in tried]
            if not due:
                break
            tried.update(due)
            await asyncio.gather(*(self._one(free, services.get(name), name, about, until) for name, about in due))
        return len(tried)

    async def take_up(self) -> int:
        """What nobody comes back to waits again: how many chains that were. Raises `Unavailable`.

        A decision is left open by whoever dies over it. Its message comes again, but not to a service that was taken
        out meanwhile. And the hint that something waits may be gone.
        """
        found = 0
        async for name, entity in self._ledger.unfinished():
            try:
                found += await self._taken_up(name, entity)
            except Exception:  # one chain stops no other: the next look finds it again
                log.exception("%s on %s has something left to do", name, entity)
        return found

    async def _taken_up(self, name: str, entity: Entity) -> bool:
        now = self._clock.now()
        if front := await self._ledger.first_waiting(name, entity):
            if is_left := now - front.due > _LEFT:
                await self._put_off(front, front.reason)
            return is_left
        head = await self._ledger.head(name, entity)
        progress = await self._ledger.find(name, entity, head.open) if head.open else None
        if progress is None or progress.settled or progress.left or now - progress.entry.decided_at <= _LEFT:
            return False
        event = progress.entry.event
        reason = "its decision was left open"
        await self._ledger.wait(Waiting(name, entity, progress.entry.event_id, event, now, now, 0, reason))
        return True

    async def _one(
        self, free: asyncio.Semaphore, service: Service | None, name: str, entity: Entity, until: float
    ) -> None:
        """Whatever goes wrong with it, this chain alone waits on, with the reason."""
        async with free:
            try:
                async with asyncio.timeout(_CHAIN_S):
                    if not service or await self._may_go_on(service, entity):
                        await self._drain(service, name, entity, until)
            except Exception as reason:  # one chain stops no other: it is put off, with the reason
                why = f"not done within {_CHAIN_S:g} s" if isinstance(reason, TimeoutError) else said(reason)
                log.exception("sweeping %s on %s", name, entity)
                await self._put_off_if_possible(name, entity, why)

    async def _may_go_on(self, service: Service, entity: Entity) -> bool:
        """Not while its lane was stopped: what waits would be given up by the same bugs, one after the other."""
        try:
            if self._breaker:
                await self._breaker.check(service.lane)
        except Unavailable as stopped:
            if waiting := await self._ledger.first_waiting(service.name, entity):
                await self._put_off(waiting, said(stopped))
            return False
        return True

    async def _drain(self, service: Service | None, name: str, entity: Entity, until: float) -> None:
        """Work off a chain's queue from the front, until it is empty, its front is pending again, or time is up."""
        async with self._reactor.chain(name, entity):
            while waiting := await self._ledger.first_waiting(name, entity):
                bugs: list[str] = []
                if not await (self._front(service, waiting, bugs) if service else self._is_missed(waiting)):
                    return
                await self._growth.write()
                await self._ledger.stop_waiting(waiting)
                if service and self._breaker:
                    await self._breaker.count(service.lane, bugs[0] if bugs else "")
                if asyncio.get_running_loop().time() > until:
                    return

    async def _front(self, service: Service, waiting: Waiting, bugs: list[str]) -> bool:
        """Whether the event at the front need not wait any longer."""
        try:
            envelope = from_cloud_event(waiting.event)
        except Unreadable as error:
            reason = OtherBuild(f"this build cannot read it: {said(error)}")
            if is_of_a_newer_build(waiting.event):
                return await self._waits_for_another_build(waiting, reason)
            await self._give_up(waiting, "read", said(error) if waiting.event else "what waits cannot be read any more")
            return True
        case = self._reactor.case(service, envelope, waiting)
        if case is None:
            return True
        handled = await self._reactor.retry(case)
        bugs.extend(case.bugs)
        return handled is not Handled.PENDING

    async def _is_missed(self, waiting: Waiting) -> bool:
        """Whether an event whose service is gone need not wait any longer."""
        await self._overdue.miss(waiting, waiting.since + self._patience.other_build)
        return await self._is_over(waiting, OtherBuild(f"this build has no service {waiting.service}"))

    async def _waits_for_another_build(self, waiting: Waiting, reason: OtherBuild) -> bool:
        await self._overdue.look_at(waiting, said(reason))
        return await self._is_over(waiting, reason)

    async def _is_over(self, waiting: Waiting, reason: OtherBuild) -> bool:
        """Whether patience with this event is over: then it is given up, and said. Otherwise it is put off."""
        if self._patience.is_over(reason, waiting.since, self._clock.now()):
            await self._give_up(waiting, GATHER, f"patience is over: {said(reason)}")
            return True
        await self._put_off(waiting, said(reason))
        return False

    async def _put_off(self, waiting: Waiting, reason: str) -> None:
        attempts = waiting.attempts + 1
        due = self._clock.now() + self._patience.pause(attempts)
        await self._ledger.wait(replace(waiting, due=due, attempts=attempts, reason=reason))

    async def _put_off_if_possible(self, service: str, entity: Entity, reason: str) -> None:
        try:
            if waiting := await self._ledger.first_waiting(service, entity):
                await self._put_off(waiting, reason)
                await self._overdue.look_at(waiting, reason)
        except Exception:  # it stays due, and the next sweep tries again
            log.exception("%s on %s stays due", service, entity)

    async def _give_up(self, waiting: Waiting, effect: str, reason: str) -> None:
        """Kept in its chain with the reason, and said. What was decided is settled, and nothing more of it done."""
        progress = await self._ledger.find(waiting.service, waiting.entity, waiting.event_id)
        if progress and progress.settled:
            return
        await self._say_failed(waiting, _first_undone(progress) or effect, reason)
        if progress:
            await self._performing.abandon(progress, reason)
        else:
            await self._keep(waiting, reason)

    async def _say_failed(self, waiting: Waiting, effect: str, reason: str) -> None:
        about, chain = str(waiting.entity), str(waiting.event.get("correlationid") or waiting.event_id)
        failed = ActionFailed(
            service=waiting.service, about=about, decision=waiting.event_id, effect=effect, reason=reason
        )
        identity = derive_id("unread", waiting.service, about, waiting.event_id)
        source, now = "/sluice/sweeper", self._clock.now()
        envelope = Envelope(identity, source, now, failed, correlation_id=chain, causation_id=waiting.event_id)
        await self._publisher.publish("events", [envelope])

    async def _keep(self, waiting: Waiting, reason: str) -> None:
        event = {**waiting.event, "id": waiting.event_id}
        while True:
            head = await self._ledger.head(waiting.service, waiting.entity)
            now = self._clock.now()
            try:
                entry = write_given_up(waiting.service, waiting.entity, head, event, now, self._policy, reason)
                self._growth.add(await self._ledger.record(entry, head, None))
            except Moved:
                continue
            return


def _first_undone(progress: Progress | None) -> str:
    """The kind of the effect that would be performed next, "" where nothing was decided."""
    if progress is None:
        return ""
    undone = (each for index, each in enumerate(progress.entry.effects) if index not in progress.marks)
    return next((str(each["kind"]) for each in undone), "")
