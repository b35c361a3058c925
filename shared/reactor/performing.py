"""Seeing a recorded decision through: its effects in order under the lease, what became of each, and that it is done.

The lease is the store's: every mark is written under it and renews it. Whoever lost it writes nothing more, and reads
what the other has done.
"""

import asyncio
import logging
import time
import traceback
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from shared.events import (
    ActionFailed,
    ActionStalled,
    ActionSuperseded,
    Event,
    Unreadable,
    from_cloud_event,
)
from shared.policies import PolicyDocument
from shared.ports import Clock, Entry, EventPublisher, Lease, Ledger, Mark, Moved, Progress, Refused, Unavailable
from shared.reactor.deciding import Case
from shared.reactor.effects import Occasion
from shared.reactor.growth import Growth
from shared.reactor.heads import Heads
from shared.reactor.holding import Hold, announcement, is_bookkeeping
from shared.reactor.patience import GATHER, Handled, Patience, said
from shared.reactor.recording import UnknownEffect, link, read_effect
from shared.reactor.wiring import Wiring

log = logging.getLogger("sluice.reactor")
_LONGEST_LOOK_S = 1.0


class Performing:
    def __init__(
        self, wiring: Wiring, ledger: Ledger, publisher: EventPublisher, clock: Clock, policy: PolicyDocument,
        owner: str, patience: Patience, growth: Growth, heads: Heads,
    ) -> None:  # fmt: skip
        self._wiring, self._ledger, self._publisher, self._clock = wiring, ledger, publisher, clock
        self._policy, self._patience, self._growth, self._heads = policy, patience, growth, heads
        self.lease = Lease(owner, patience.lease)

    async def see_through(self, case: Case, progress: Progress, found: bool) -> Handled:
        """Raises `Unavailable`. `found`: it was recorded before, so that another may be at it."""
        while True:
            try:
                return await self._once(case, await self._take_over(progress) if found else progress, found)
            except Moved:
                # Somebody else took it over, or the answer to a write was lost: what is marked stays as it is.
                progress, found = await self._read_again(progress), True

    async def _once(self, case: Case, progress: Progress, found: bool) -> Handled:
        if progress.settled:
            self._growth.add(progress)
            self._heads.keep(case, progress)
            return Handled.DUPLICATE if found else Handled.SETTLED
        entry, hold = progress.entry, Hold.of(progress.entry.facts)
        progress, unwritten = await self._effects(case, progress, hold)
        if hold:
            held = announcement(entry, case.envelope.data, hold, self._policy)
            await self.publish(case, held, "held", entry.decided_at)
        given_up = entry.facts.get("given_up")
        if given_up:
            await self.publish(case, failed(ActionFailed, case, GATHER, given_up), GATHER, entry.decided_at)
        settled = await self._ledger.settle(progress, unwritten, link(entry, {**progress.marks, **unwritten}))
        self._growth.add(settled)
        self._heads.keep(case, settled)
        return Handled.FAILED if given_up else Handled.SETTLED

    async def _effects(self, case: Case, progress: Progress, hold: Hold | None) -> tuple[Progress, dict[int, Mark]]:
        """Every effect that is not marked yet; the marks that are to be written with settling."""
        unwritten: dict[int, Mark] = {}
        written, last = time.monotonic(), len(progress.entry.effects) - 1
        for index in range(len(progress.entry.effects)):
            mark = progress.marks.get(index)
            if mark is None:
                if time.monotonic() - written > self._patience.lease.total_seconds() / 2:
                    progress, written = await self._renewed(progress), time.monotonic()
                mark = unwritten[index] = await self._mark(case, progress, index, hold, written)
                if (index < last and mark.outcome != "skipped") or _undone(mark):
                    progress, unwritten = await self._ledger.mark(progress, unwritten, self.lease), {}
                    written = time.monotonic()
            if _undone(mark):
                await self._announce(case, progress, index, mark)
                break
        return progress, unwritten

    async def _mark(self, case: Case, progress: Progress, index: int, hold: Hold | None, written: float) -> Mark:
        record = progress.entry.effects[index]
        if hold and not is_bookkeeping(record):
            return Mark("skipped", hold.why)
        try:
            made = case.effects.get(progress.entry.hash)
            effect = made[index] if made else read_effect(record)
            return await self._perform(case, progress, index, effect, written)
        except UnknownEffect as reason:
            if self.out_of_patience(case, reason):
                return Mark("refused", f"patience is over: {said(reason)}")
            # Said under the same id at every try: it waits for a deployment.
            stalled = failed(ActionStalled, case, record["kind"], str(reason))
            await self.publish(case, stalled, f"stalled:{index}", progress.entry.decided_at)
            raise
        except Moved as reason:
            return Mark("superseded", said(reason))
        except Refused as reason:
            return Mark("refused", said(reason))
        except Unavailable as reason:
            if self.out_of_patience(case, reason):
                return Mark("refused", f"patience is over: {said(reason)}")
            raise
        except Exception as bug:  # a bug in an effect ends its decision, and is said
            log.exception("effect %s of %s", record["kind"], case.service.name)
            case.bugs.append(said_of(bug))
            return Mark("refused", said_of(bug))

    async def _perform(self, case: Case, progress: Progress, index: int, effect: Any, written: float) -> Mark:
        """Bounded by the lease: an effect that takes longer has an unknown outcome."""
        entry = progress.entry
        if released := entry.facts.get("releases"):
            occasion = await self._released(case, entry, index, released)
        else:
            occasion = Occasion(case.service.name, case.entity, case.envelope, entry.decided_at, index)
        lease = self._patience.lease.total_seconds()
        most = lease * 0.8 - (time.monotonic() - written)
        try:
            async with asyncio.timeout(most):
                await effect.perform(**self._wiring.arguments(effect.perform, occasion=occasion))
        except TimeoutError as error:
            reason = str(error) or f"was not done within {most:.3g} s (lease {lease:g} s)"
            raise Unavailable(f"{effect.kind} {reason}") from error
        except Unavailable as reason:
            raise Unavailable(f"{effect.kind}: {said(reason)}", pause=reason.pause) from reason
        return Mark("performed")

    async def _released(self, case: Case, entry: Entry, index: int, released: Mapping[str, Any]) -> Occasion:
        """A released effect keeps the cause, the moment and the place of the decision that it belongs to."""
        cause, original = case.envelope, await self._ledger.find(entry.service, entry.entity, released["decision"])
        if original:
            entry, cause = original.entry, from_cloud_event(original.entry.event)
            index += released["first"]
        return Occasion(case.service.name, case.entity, cause, entry.decided_at, index)

    async def _take_over(self, progress: Progress) -> Progress:
        """Wait out a live foreign lease, then have what its owner has done meanwhile."""
        while not progress.settled:
            if taken := await self._ledger.lease(progress, self.lease):
                return taken
            # Its owner may be in another process: there is nothing here to be woken by.
            await asyncio.sleep(min(progress.left.total_seconds(), _LONGEST_LOOK_S))
            progress = await self._read_again(progress)
        return progress

    async def _renewed(self, progress: Progress) -> Progress:
        if taken := await self._ledger.lease(progress, self.lease):
            return taken
        raise Moved("another instance took the lease over")

    async def _read_again(self, progress: Progress) -> Progress:
        entry = progress.entry
        return await self._ledger.find(entry.service, entry.entity, entry.event_id) or progress

    async def _announce(self, case: Case, progress: Progress, index: int, mark: Mark) -> None:
        """What was not performed is a fact of its own; the policy that asked for it decides what follows."""
        event = ActionSuperseded if mark.outcome == "superseded" else ActionFailed
        effect, at = progress.entry.effects[index]["kind"], progress.entry.decided_at
        await self.publish(case, failed(event, case, effect, mark.reason), f"mark:{index}", at)

    async def publish(self, case: Case, event: Event, key: str, at: datetime) -> None:
        """Raises `Unavailable`, also for what is refused: what was decided does not end because it cannot be said."""
        by = f"{case.service.name}/{case.entity.table_key}"
        try:
            await self._publisher.publish("events", [case.envelope.follow_up(event, time=at, by=by, key=key)])
        except Refused as reason:
            raise Unavailable(f"{event.type} cannot be said: {said(reason)}") from reason

    async def abandon(self, progress: Progress, reason: str) -> None:
        """Settle what nobody can go on with any more: what is not done of it is refused. Raises `Moved`."""
        progress = await self._take_over(progress)
        if progress.settled:
            return
        left = [index for index in range(len(progress.entry.effects)) if index not in progress.marks]
        marks = {index: Mark("refused", reason) for index in left[:1]}
        settled = await self._ledger.settle(progress, marks, link(progress.entry, {**progress.marks, **marks}))
        self._growth.add(settled)

    def out_of_patience(self, case: Case, reason: Unavailable) -> bool:
        return case.waiting is not None and self._patience.is_over(reason, case.waiting.since, self._clock.now())


def _undone(mark: Mark) -> bool:
    return mark.outcome in ("refused", "superseded")


def said_of(bug: Exception) -> str:
    """A bug with its kind; what ports raise says enough."""
    if isinstance(bug, (Refused, Unreadable)):
        return said(bug)
    return said(Exception("".join(traceback.format_exception_only(bug)).strip()))


type _Undone = ActionFailed | ActionSuperseded | ActionStalled


def failed(event: Callable[..., _Undone], case: Case, effect: str, reason: str) -> _Undone:
    return event(
        service=case.service.name, about=str(case.entity), decision=case.envelope.id, effect=effect, reason=reason
    )
