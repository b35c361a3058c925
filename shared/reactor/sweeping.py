"""The sweeper: whatever waits is tried again, many chains at once, and no chain can stop another."""

import asyncio
import logging
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Protocol

from shared.events import ActionFailed, Entity, Envelope, Unreadable, derive_id, from_cloud_event
from shared.events.catalogue import event_types
from shared.ports import Clock, EventPublisher, Ledger, Moved, Waiting
from shared.reactor.deciding import Case
from shared.reactor.growth import Growth
from shared.reactor.patience import Handled, Patience, said
from shared.reactor.recording import write_unread
from shared.reactor.service import Service

log = logging.getLogger("sluice.sweeper")
_AT_ONCE = 16
_LOOKED_AT = 256
# What ends a single try that hangs; a chain with much to do is left between two events.
_CHAIN_S = 30.0
_VERSION = re.compile(r".*:(\d{1,9})", re.ASCII)


class Chains(Protocol):
    """The reactor, as far as it is needed here."""

    def chain(self, service: str, entity: Entity) -> asyncio.Lock: ...

    def case(self, service: Service, envelope: Envelope[Any], waiting: Waiting | None = None) -> Case | None: ...

    async def retry(self, case: Case) -> Handled: ...


class Sweeper:
    def __init__(
        self, reactor: Chains, ledger: Ledger, publisher: EventPublisher, clock: Clock, policy: str,
        patience: Patience, growth: Growth,
    ) -> None:  # fmt: skip
        self._reactor, self._ledger, self._publisher, self._clock = reactor, ledger, publisher, clock
        self._policy, self._patience, self._growth = policy, patience, growth

    async def sweep(self, services: Mapping[str, Service], budget: timedelta) -> int:
        """Every chain that is due, each once; how many were looked at. Raises `Unavailable` when none can be found."""
        until = asyncio.get_running_loop().time() + budget.total_seconds()
        free, tried = asyncio.Semaphore(_AT_ONCE), set[tuple[str, Entity]]()
        while asyncio.get_running_loop().time() < until:
            due = [chain for chain in await self._ledger.due(self._clock.now(), _LOOKED_AT) if chain not in tried]
            if not due:
                break
            tried.update(due)
            await asyncio.gather(*(self._one(free, services, *chain, until) for chain in due))
        return len(tried)

    async def _one(
        self, free: asyncio.Semaphore, services: Mapping[str, Service], name: str, entity: Entity, until: float
    ) -> None:
        """Whatever goes wrong with it, this chain alone waits on, with the reason."""
        async with free:
            try:
                async with asyncio.timeout(_CHAIN_S):
                    if name in services:
                        await self._drain(services[name], entity, until)
                    else:
                        await self._put_off(name, entity, f"this build has no service {name}")
            except Exception as reason:  # one chain stops no other: it is put off, with the reason
                why = f"not done within {_CHAIN_S:g} s" if isinstance(reason, TimeoutError) else said(reason)
                log.exception("sweeping %s on %s", name, entity)
                await self._put_off_if_possible(name, entity, why)

    async def _drain(self, service: Service, entity: Entity, until: float) -> None:
        """Work off a chain's queue from the front, until it is empty, its front is pending again, or time is up."""
        async with self._reactor.chain(service.name, entity):
            while waiting := await self._ledger.first_waiting(service.name, entity):
                if not await self._front(service, waiting):
                    return
                await self._growth.write()
                await self._ledger.stop_waiting(waiting)
                if asyncio.get_running_loop().time() > until:
                    return

    async def _front(self, service: Service, waiting: Waiting) -> bool:
        """Whether the event at the front need not wait any longer."""
        try:
            envelope = from_cloud_event(waiting.event)
        except Unreadable as reason:
            if _of_a_newer_build(waiting.event):
                await self._put_off(waiting.service, waiting.entity, f"this build cannot read it: {said(reason)}")
                return False
            await self._bury(waiting, said(reason) if waiting.event else "its body is gone from evidence")
            return True
        case = self._reactor.case(service, envelope, waiting)
        return case is None or await self._reactor.retry(case) is not Handled.PENDING

    async def _put_off(self, service: str, entity: Entity, reason: str) -> None:
        waiting = await self._ledger.first_waiting(service, entity)
        if waiting is not None:
            attempts = waiting.attempts + 1
            due = self._clock.now() + self._patience.pause(attempts)
            await self._ledger.wait(replace(waiting, due=due, attempts=attempts, reason=reason))

    async def _put_off_if_possible(self, service: str, entity: Entity, reason: str) -> None:
        try:
            await self._put_off(service, entity, reason)
        except Exception:  # it stays due, and the next sweep tries again
            log.exception("%s on %s stays due", service, entity)

    async def _bury(self, waiting: Waiting, reason: str) -> None:
        """What no build can ever read is kept in the chain, and said; nothing is decided about it."""
        chain = str(waiting.event.get("correlationid") or waiting.event_id)
        about = str(waiting.entity)
        identity = derive_id("unread", waiting.service, about, waiting.event_id)
        said_so = ActionFailed(
            service=waiting.service, about=about, decision=waiting.event_id, effect="read", reason=reason
        )
        source, now = "/sluice/sweeper", self._clock.now()
        envelope = Envelope(identity, source, now, said_so, correlation_id=chain, causation_id=waiting.event_id)
        await self._publisher.publish("events", [envelope])
        if await self._ledger.find(waiting.service, waiting.entity, waiting.event_id) is None:
            await self._keep(waiting, reason)

    async def _keep(self, waiting: Waiting, reason: str) -> None:
        while True:
            head = await self._ledger.head(waiting.service, waiting.entity)
            try:
                entry = write_unread(waiting, head, self._clock.now(), self._policy, reason)
                self._growth.add(await self._ledger.record(entry, head, None))
            except Moved:
                continue
            return


def _of_a_newer_build(frame: Mapping[str, Any]) -> bool:
    """A type or a version of it that the catalogue does not have yet."""
    if not frame:
        return False
    known = event_types().get(str(frame.get("type")))
    version = _VERSION.fullmatch(str(frame.get("dataschema", "")))
    return known is None or bool(version and int(version[1]) > known.version)
