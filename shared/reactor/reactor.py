"""Gather, decide, record, perform, settle: the only place where this is written, and the only clever file.

The record is the only claim there is. Whoever finds it, a redelivery, a restart or another instance, never decides
again but goes on performing what it says. Later events of a chain queue behind one that is pending.
"""

import asyncio
import logging
import traceback
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from weakref import WeakValueDictionary

from shared.events import (
    ActionFailed,
    ActionReleased,
    ActionStalled,
    ActionSuperseded,
    Entity,
    Envelope,
    Event,
    from_cloud_event,
    to_cloud_event,
)
from shared.policies import PolicyDocument
from shared.ports import (
    Brakes,
    Clock,
    Entry,
    EventPublisher,
    Head,
    Lease,
    Ledger,
    Mark,
    Moved,
    Progress,
    Refused,
    Unavailable,
    Waiting,
)
from shared.reactor.deciding import Case, Deciding
from shared.reactor.effects import Occasion
from shared.reactor.holding import Hold, announcement, is_bookkeeping
from shared.reactor.overdue import Overdue
from shared.reactor.patience import Handled, Patience
from shared.reactor.recording import UnknownEffect, read_effect
from shared.reactor.releasing import RELEASED
from shared.reactor.service import Service
from shared.reactor.wiring import Wiring

log = logging.getLogger("sluice.reactor")


class Reactor:
    def __init__(
        self, wiring: Wiring, ledger: Ledger, publisher: EventPublisher, clock: Clock, policy: PolicyDocument,
        owner: str, patience: Patience | None = None, brakes: Brakes | None = None,
    ) -> None:  # fmt: skip
        self._wiring, self._ledger, self._publisher, self._clock = wiring, ledger, publisher, clock
        self._owner, self._patience, self._policy = owner, patience or Patience(), policy
        self._overdue = Overdue(publisher, self._patience.said_after)
        self._deciding = Deciding(wiring, ledger, clock, policy, brakes)
        self._settled: dict[tuple[str, Entity], str] = {}
        # One chain, one task at a time in this process; between processes it is the record and its lease that decide.
        self._chains: WeakValueDictionary[tuple[str, Entity], asyncio.Lock] = WeakValueDictionary()

    async def handle(self, service: Service, envelope: Envelope[Any]) -> Handled:
        """See one event through, or queue it. Raises `Unavailable` only when the ledger itself cannot be written."""
        case = self._case(service, envelope)
        if case is None:
            return Handled.NOT_FOR_US
        async with self._chain(service.name, case.entity):
            head = await self._ledger.head(service.name, case.entity)
            return await (self._queue(case) if head.waiting else self._advance(case))

    async def postpone(self, service: Service, envelope: Envelope[Any], reason: str) -> Handled:
        """Let an event wait that was begun and took too long: what of it was recorded or done counts."""
        case = self._case(service, envelope)
        if case is None:
            return Handled.NOT_FOR_US
        async with self._chain(service.name, case.entity):
            progress = await self._ledger.find(service.name, case.entity, envelope.id)
            return Handled.DUPLICATE if progress and progress.settled else await self._wait(case, reason)

    async def resume(self, services: Mapping[str, Service]) -> int:
        """Try again what is due; the number of chains looked at. The sweeper's half of the protocol."""
        due = await self._ledger.due(self._clock.now())
        for name, entity in due:
            if service := services.get(name):
                async with self._chain(name, entity):
                    await self._drain(service, entity)
        return len(due)

    def _chain(self, service: str, entity: Entity) -> asyncio.Lock:
        return self._chains.setdefault((service, entity), asyncio.Lock())

    async def _drain(self, service: Service, entity: Entity) -> None:
        """Work off a chain's queue from the front, until it is empty or its front is pending again."""
        while waiting := await self._ledger.first_waiting(service.name, entity):
            case = self._case(service, from_cloud_event(waiting.event), waiting)
            if case is not None and await self._retry(case) is Handled.PENDING:
                return
            await self._ledger.stop_waiting(waiting)

    async def _retry(self, case: Case) -> Handled:
        try:
            return await self._advance(case)
        except Unavailable:
            raise
        except Exception as bug:
            log.exception("%s on %s", case.service.name, case.envelope.data.type)
            return await self._give_up(case, "".join(traceback.format_exception_only(bug)).strip())

    def _case(self, service: Service, envelope: Envelope[Any], waiting: Waiting | None = None) -> Case | None:
        if isinstance(envelope.data, ActionReleased):
            ours = envelope.data.service == service.name
            return Case(service, RELEASED, envelope.data.entity, envelope, waiting) if ours else None
        reaction = service.reactions.get(type(envelope.data))
        entity = reaction.entity(envelope.data) if reaction else None
        return Case(service, reaction, entity, envelope, waiting) if reaction and entity else None

    async def _queue(self, case: Case) -> Handled:
        progress = await self._ledger.find(case.service.name, case.entity, case.envelope.id)
        if progress and progress.settled:
            return Handled.DUPLICATE
        return await self._wait(case, "an earlier event of this chain is pending")

    async def _advance(self, case: Case) -> Handled:
        try:
            progress, found = await self._decided(case)
        except Unavailable as reason:
            if self._out_of_patience(case):
                return await self._give_up(case, f"patience is over: {reason}")
            return await self._wait(case, str(reason))
        except Refused as reason:
            return await self._give_up(case, str(reason))
        try:
            return Handled.DUPLICATE if progress.settled else await self._perform(case, progress, found)
        except Unavailable as reason:
            return await self._wait(case, str(reason), is_said=isinstance(reason, UnknownEffect))

    async def _decided(self, case: Case) -> tuple[Progress, bool]:
        """The record of this decision, and whether it was there before. Only one instance ever writes it."""
        while True:
            progress = await self._ledger.find(case.service.name, case.entity, case.envelope.id)
            if progress:
                return progress, True
            head = await self._ledger.head(case.service.name, case.entity)
            await self._finish(case, head.last)
            if recorded := await self._record(await self._deciding.entry(case, head), head):
                return recorded, False

    async def _finish(self, case: Case, last: str | None) -> None:
        """See the chain's last decision through before the next: its instance may have died between the two."""
        chain = (case.service.name, case.entity)
        if last is None or self._settled.get(chain) == last:
            return
        progress = await self._ledger.find(*chain, last)
        earlier = self._case(case.service, from_cloud_event(progress.entry.event)) if progress else None
        if progress and earlier and not progress.settled:
            try:
                await self._perform(earlier, progress, found=True)
            except Unavailable as reason:
                await self._wait(earlier, str(reason))
                raise
        self._settled[chain] = last

    async def _record(self, entry: Entry, head: Head) -> Progress | None:
        """None when the chain has moved on: nothing is written then."""
        lease = self._new_lease()
        try:
            await self._ledger.record(entry, head, lease)
        except Moved:
            return None
        return Progress(entry, {}, False, lease)

    async def _perform(self, case: Case, progress: Progress, found: bool) -> Handled:
        if found:
            progress = await self._take_over(case, progress)
            if progress.settled:
                return Handled.DUPLICATE
        entry, marks, hold = progress.entry, dict(progress.marks), Hold.of(progress.entry.facts)
        for index, record in enumerate(entry.effects):
            if index not in marks:
                marks[index] = await self._mark(case, progress, index, record, hold)
                await self._ledger.mark(entry, index, marks[index])
            if marks[index].outcome in ("refused", "superseded"):
                await self._announce(case, progress, index, marks[index])
                break
        if hold:
            await self._publish(
                case, announcement(entry, case.envelope.data, hold, self._policy), "held", entry.decided_at
            )
        if given_up := entry.facts.get("given_up"):
            await self._publish(case, _failed(ActionFailed, case, "gather", given_up), "gather", entry.decided_at)
        await self._ledger.settle(entry)
        self._settled[case.service.name, case.entity] = entry.event_id
        return Handled.FAILED if given_up else Handled.SETTLED

    async def _mark(
        self, case: Case, progress: Progress, index: int, record: Mapping[str, Any], hold: Hold | None
    ) -> Mark:
        if hold and not is_bookkeeping(record):
            return Mark("skipped", hold.why)
        return await self._perform_one(case, progress, index, record)

    async def _take_over(self, case: Case, progress: Progress) -> Progress:
        """Wait out a live foreign lease, then read again what its owner has done meanwhile."""
        while not await self._ledger.lease(progress.entry, self._new_lease(), self._clock.now()):  # noqa: ASYNC110
            await asyncio.sleep(0.2)  # its owner may be in another process: there is nothing here to be woken by
        again = await self._ledger.find(case.service.name, case.entity, case.envelope.id)
        return again or progress

    async def _perform_one(self, case: Case, progress: Progress, index: int, record: Mapping[str, Any]) -> Mark:
        """One effect under the lease, bounded by it: an effect that takes longer has an unknown outcome."""
        effect = await self._known_effect(case, progress, index, record)
        occasion = await self._occasion(case, progress, index)
        if index and not await self._ledger.lease(progress.entry, self._new_lease(), self._clock.now()):
            raise Unavailable("another instance took the lease over")
        try:
            async with asyncio.timeout(self._patience.lease.total_seconds() * 0.8):
                await effect.perform(**self._wiring.arguments(effect.perform, occasion=occasion))
            return Mark("performed")
        except Moved as reason:
            return Mark("superseded", str(reason))
        except Refused as reason:
            return Mark("refused", str(reason))
        except (Unavailable, TimeoutError) as reason:
            if self._out_of_patience(case):
                return Mark("refused", f"patience is over: {reason}")
            raise Unavailable(f"{effect.kind}: {reason}") from reason
        except Exception as bug:
            log.exception("effect %s of %s", record["kind"], case.service.name)
            return Mark("refused", "".join(traceback.format_exception_only(bug)).strip())

    async def _known_effect(self, case: Case, progress: Progress, index: int, record: Mapping[str, Any]) -> Any:
        """Raises `UnknownEffect`, said under the same id at every try: it waits for a deployment, without end."""
        try:
            return read_effect(record)
        except UnknownEffect as reason:
            stalled = _failed(ActionStalled, case, record["kind"], str(reason))
            await self._publish(case, stalled, f"stalled:{index}", progress.entry.decided_at)
            raise

    async def _occasion(self, case: Case, progress: Progress, index: int) -> Occasion:
        """A released effect keeps the cause, the moment and the place of the decision that it belongs to."""
        entry, cause = progress.entry, case.envelope
        if released := entry.facts.get("releases"):
            original = await self._ledger.find(entry.service, entry.entity, released["decision"])
            if original:
                entry, cause = original.entry, from_cloud_event(original.entry.event)
                index += released["first"]
        return Occasion(case.service.name, case.entity, cause, entry.decided_at, index)

    async def _announce(self, case: Case, progress: Progress, index: int, mark: Mark) -> None:
        """What was not performed is a fact of its own; the policy that asked for it decides what follows."""
        event = ActionSuperseded if mark.outcome == "superseded" else ActionFailed
        effect, at = progress.entry.effects[index]["kind"], progress.entry.decided_at
        await self._publish(case, _failed(event, case, effect, mark.reason), f"mark:{index}", at)

    async def _give_up(self, case: Case, reason: str) -> Handled:
        """Nothing was decided, and nothing will be: gathering was refused, or patience with it is over."""
        while True:
            name = case.service.name
            if known := await self._ledger.find(name, case.entity, case.envelope.id):
                at = known.entry.decided_at
                await self._publish(case, _failed(ActionFailed, case, "gather", reason), "gather", at)
                return Handled.FAILED
            head = await self._ledger.head(name, case.entity)
            if recorded := await self._record(self._deciding.given_up(case, head, reason), head):
                return await self._perform(case, recorded, False)

    async def _publish(self, case: Case, event: Event, key: str, at: datetime) -> None:
        by = f"{case.service.name}/{case.entity.table_key}"
        await self._publisher.publish("events", [case.envelope.follow_up(event, time=at, by=by, key=key)])

    async def _wait(self, case: Case, reason: str, *, is_said: bool = False) -> Handled:
        now, before = self._clock.now(), case.waiting
        attempts = before.attempts + 1 if before else 0
        await self._ledger.wait(
            Waiting(
                service=case.service.name,
                entity=case.entity,
                event_id=case.envelope.id,
                event=to_cloud_event(case.envelope),
                since=before.since if before else now,
                due=now + self._patience.pause(attempts),
                attempts=attempts,
                reason=reason,
            )
        )
        log.warning("pending: %s on %s: %s", case.service.name, case.envelope.data.type, reason)
        if before and not is_said:
            await self._overdue.look_at(case, before.since, now, reason)
        return Handled.PENDING

    def _out_of_patience(self, case: Case) -> bool:
        return case.waiting is not None and self._clock.now() - case.waiting.since > self._patience.limit

    def _new_lease(self) -> Lease:
        return Lease(self._owner, self._clock.now() + self._patience.lease)


type _Undone = ActionFailed | ActionSuperseded | ActionStalled


def _failed(event: Callable[..., _Undone], case: Case, effect: str, reason: str) -> _Undone:
    return event(
        service=case.service.name, about=str(case.entity), decision=case.envelope.id, effect=effect, reason=reason
    )
