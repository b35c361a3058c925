"""Gather, decide, record, perform, settle: the only place where this is written, and the only clever file.

The record is the only claim there is. Whoever finds it, a redelivery, a restart or another instance, never decides
again but goes on performing what it says. Later events of a chain queue behind one that is pending.
"""

import asyncio
import logging
from collections.abc import Awaitable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from weakref import WeakValueDictionary

from shared.events import ActionFailed, Entity, Envelope, Unreadable, from_cloud_event, to_cloud_event
from shared.policies import PolicyDocument
from shared.ports import (
    Brakes,
    Clock,
    Entry,
    EventPublisher,
    Head,
    Ledger,
    Moved,
    Progress,
    Refused,
    Unavailable,
    Waiting,
)
from shared.ports.records.grown import Grown
from shared.reactor.breaker import Breaker
from shared.reactor.deciding import Case, Deciding
from shared.reactor.growth import Growth
from shared.reactor.heads import Heads
from shared.reactor.other_builds import OtherBuild, is_of_a_newer_build
from shared.reactor.overdue import Overdue
from shared.reactor.patience import Behind, Handled, Patience, asked_by, said
from shared.reactor.performing import Performing, failed, said_of
from shared.reactor.recording import UnknownEffect
from shared.reactor.service import Service
from shared.reactor.sweeping import Sweeper
from shared.reactor.wiring import Wiring

log = logging.getLogger("sluice.reactor")


class Reactor:
    def __init__(
        self, wiring: Wiring, ledger: Ledger, publisher: EventPublisher, clock: Clock, policy: PolicyDocument,
        owner: str, patience: Patience | None = None, brakes: Brakes | None = None, grown: Grown | None = None,
        breaker: Breaker | None = None,
    ) -> None:  # fmt: skip
        self._ledger, self._clock, self._patience = ledger, clock, patience or Patience()
        self._overdue = Overdue(publisher, clock, self._patience.said_after)
        self._deciding = Deciding(wiring, ledger, clock, policy, brakes)
        self._growth, self._heads = Growth(grown), Heads()
        self._performing = Performing(
            wiring, ledger, publisher, clock, policy, owner, self._patience, self._growth, self._heads
        )
        self._sweeper = Sweeper(
            self, ledger, publisher, clock, policy.digest, self._patience, self._growth, self._performing,
            self._overdue, breaker,
        )  # fmt: skip
        # One chain, one task at a time in this process; between processes it is the record and its lease that decide.
        self._chains: WeakValueDictionary[tuple[str, Entity], asyncio.Lock] = WeakValueDictionary()

    async def handle(self, service: Service, envelope: Envelope[Any], bugs: list[str] | None = None) -> Handled:
        """See one event through, or queue it. Raises `Unavailable` only when the ledger itself cannot be written.

        To `bugs` is added what met it of our own errors without ending it: those of effects.
        """
        case = self.case(service, envelope)
        if case is None:
            return Handled.NOT_FOR_US
        case = case if bugs is None else replace(case, bugs=bugs)
        async with self.chain(service.name, case.entity):
            return await self._advance(case, self._heads.take(case))

    async def postpone(self, service: Service, envelope: Envelope[Any], reason: str) -> Handled:
        """Queue an event whose handling was given no more time, whatever that has recorded meanwhile.

        It asks for no lock: what overran may still hold it. Raises `Unavailable` as `handle` does.
        """
        case = self.case(service, envelope)
        return await self._queue(case, reason) if case else Handled.NOT_FOR_US

    async def resume(self, services: Mapping[str, Service], budget: timedelta = timedelta(seconds=40)) -> int:
        """Try again what is due; the number of chains looked at. The sweeper's half of the protocol."""
        return await self._sweeper.sweep(services, budget)

    async def take_up(self) -> int:
        """Let wait what nobody comes back to: how many chains. Raises `Unavailable`."""
        return await self._sweeper.take_up()

    async def note_grown(self) -> None:
        """To be called before a position moves: what was decided up to here is then sealed. Raises `Unavailable`."""
        await self._growth.write()

    async def retry(self, case: Case) -> Handled:
        """One event from the front of its chain's queue, by whoever holds the chain's lock."""
        return await self._advance(case)

    def chain(self, service: str, entity: Entity) -> asyncio.Lock:
        """Held by whoever works on it in this process."""
        return self._chains.setdefault((service, entity), asyncio.Lock())

    def case(self, service: Service, envelope: Envelope[Any], waiting: Waiting | None = None) -> Case | None:
        """None when it does not concern the service."""
        entity = service.concerned(envelope.data)
        return Case(service, entity, envelope, waiting) if entity else None

    async def _queue(self, case: Case, reason: str) -> Handled:
        progress = await self._find(case)
        return Handled.DUPLICATE if progress and progress.settled else await self._wait(case, reason)

    async def _advance(self, case: Case, guess: Head | None = None) -> Handled:
        """Raises bugs of deciding about what never waited, and `Unavailable` when the ledger cannot be written."""
        try:
            progress, found = await self._decided(case, guess)
        except Exception as reason:  # noqa: BLE001 - raised again, unless it was decided already or is given up
            known = await self._find(case)
            if known is None and self._may_yet(case, reason):
                return await self._wait(case, said(reason), asked=asked_by(reason))
            progress, found = (known, True) if known else await self._given_up(case, reason)
        self._growth.add(progress)
        try:
            return await self._performing.see_through(case, progress, found)
        except Exception as reason:  # it is recorded: whatever stopped it, it is seen through later
            if not isinstance(reason, Unavailable):
                log.exception("%s on %s", case.service.name, case.envelope.data.type)
                case.bugs.append(said_of(reason))
                if self._performing.out_of_patience(case, Unavailable()):
                    return await self._abandon(case, progress, said_of(reason))
            is_said = isinstance(reason, UnknownEffect)
            return await self._wait(case, said(reason), is_said=is_said, asked=asked_by(reason))

    async def _abandon(self, case: Case, progress: Progress, bug: str) -> Handled:
        """A decision that a bug of ours keeps from being settled does not hold its chain for ever."""
        failure = failed(ActionFailed, case, "settle", bug)
        await self._performing.publish(case, failure, "abandoned", progress.entry.decided_at)
        await self._performing.abandon(progress, bug)
        return Handled.FAILED

    def _may_yet(self, case: Case, reason: Exception) -> bool:
        return isinstance(reason, Unavailable) and not self._performing.out_of_patience(case, reason)

    async def _decided(self, case: Case, guess: Head | None) -> tuple[Progress, bool]:
        """The record of this decision, and whether it was there before. Only one instance ever writes it."""
        while True:
            head = guess or await self._head(case)
            if head.last == case.envelope.id and (known := await self._find(case)):
                return known, True
            if head.open is not None and await self._finish(case, head.open):
                continue
            try:
                entry = await self._deciding.entry(case, head)
            except Exception as reason:  # raised again, unless it came of a guess
                if guess is None or isinstance(reason, Unavailable):
                    raise
                # Perhaps because the chain ends elsewhere: nothing is refused, or buried, over a guess.
                guess = None
                continue
            try:
                return await self._record(entry, head), False
            except Moved:
                # Either the event was decided before, which nobody had to ask until now, or the chain has moved on.
                if known := await self._find(case):
                    return known, True
                guess = None

    async def _head(self, case: Case) -> Head:
        """Raises `Behind` where other events of the chain wait, and this one does not yet."""
        head = await self._ledger.head(case.service.name, case.entity)
        if head.waiting and case.waiting is None:
            raise Behind("an earlier event of this chain is pending")
        return head

    async def _find(self, case: Case) -> Progress | None:
        return await self._ledger.find(case.service.name, case.entity, case.envelope.id)

    async def _finish(self, case: Case, open_: str) -> bool:
        """See the chain's last decision through before the next: its instance may have died between the two.

        Whether anything was done. It has the patience that the event behind it has. Raises `Unavailable`.
        """
        try:
            progress = await self._ledger.find(case.service.name, case.entity, open_)
            if progress is None or progress.settled:
                return False
            earlier = replace(case, envelope=self._read_again(case, progress.entry))
            await self._performing.see_through(earlier, progress, True)
        except Refused as reason:
            await self._lost(case, open_, said(reason))
            return False
        except Unavailable as reason:
            why = f"decision {open_} of this chain is not done: {said(reason)}"
            raise Behind(why, pause=asked_by(reason)) from reason
        return True

    def _read_again(self, case: Case, entry: Entry) -> Envelope[Any]:
        """The event of an open decision. Raises `OtherBuild` while a build that can read it may come, or `Refused`."""
        try:
            return from_cloud_event(entry.event)
        except Unreadable as error:
            reason = OtherBuild(f"this build cannot read its event: {said(error)}")
            if is_of_a_newer_build(entry.event) and not self._performing.out_of_patience(case, reason):
                raise reason from error
            raise Refused(f"its event cannot be read: {said(error)}") from error

    async def _lost(self, case: Case, decision: str, reason: str) -> None:
        """A decision whose body is gone for ever cannot be seen through, and holds nobody."""
        event = ActionFailed(
            service=case.service.name, about=str(case.entity), decision=decision, effect="record", reason=reason
        )
        await self._performing.publish(case, event, f"lost:{decision}", self._clock.now())

    def _record(self, entry: Entry, head: Head) -> Awaitable[Progress]:
        """Raises `Moved` when the chain has moved on: nothing is written then."""
        nothing_to_do = not entry.effects and "given_up" not in entry.facts
        return self._ledger.record(entry, head, None if nothing_to_do else self._performing.lease)

    async def _given_up(self, case: Case, reason: Exception) -> tuple[Progress, bool]:
        """Nothing was decided, and nothing will be: it was refused, or patience is over. Raises other `reason`s.

        A bug is raised where the whole message can be buried, and given up where the event has waited.
        """
        if not isinstance(reason, (Unavailable, Refused, Unreadable)):
            if case.waiting is None:
                raise reason
            case.bugs.append(said_of(reason))
        why = f"patience is over: {said(reason)}" if isinstance(reason, Unavailable) else said_of(reason)
        while True:
            head = await self._ledger.head(case.service.name, case.entity)
            try:
                return await self._record(self._deciding.given_up(case, head, why), head), False
            except Moved:
                if known := await self._find(case):
                    return known, True

    async def _wait(self, case: Case, reason: str, *, is_said: bool = False, asked: timedelta | None = None) -> Handled:
        now, before = self._clock.now(), case.waiting
        attempts = before.attempts + 1 if before else 0
        pause = self._patience.pause(attempts, asked)
        waiting = Waiting(
            service=case.service.name,
            entity=case.entity,
            event_id=case.envelope.id,
            event=to_cloud_event(case.envelope),
            since=before.since if before else now,
            due=now + pause,
            attempts=attempts,
            reason=reason,
        )
        await self._ledger.wait(waiting)
        log.warning(
            "pending: %s on %s: %s, try %d, next in %g s",
            case.service.name, case.envelope.data.type, reason, attempts + 1, pause.total_seconds(),
        )  # fmt: skip
        if before and not is_said:
            await self._overdue.look_at(waiting, reason)
        return Handled.PENDING
