"""Waiting until the answer to a command is in the ledger."""

import asyncio
from collections.abc import Awaitable, Callable

from function_app.operator.ordering.answers import Answer, answer_of, end_of
from function_app.operator.ordering.orders import Order
from shared.ports import Ledger, Progress, Unavailable

_LOOK_S = 0.25
_SELDOM_S = 1.0


async def answer(order: Order, ledger: Ledger, timeout_s: float, note: Callable[[str], None]) -> Answer | None:
    """None when there is none in time. `note` hears what keeps it waiting."""
    try:
        async with asyncio.timeout(timeout_s):
            return await _Waiting(order, ledger, note).through()
    except TimeoutError:
        return None


class _Waiting:
    def __init__(self, order: Order, ledger: Ledger, note: Callable[[str], None]) -> None:
        self._order, self._ledger, self._note = order, ledger, note
        self._service, self._entity = order.service, order.command.entity
        self._seen = 0

    async def through(self) -> Answer:
        """What control decided; and where that only begins something, how it ended."""
        decided = await self._until(self._decided)
        first = answer_of(decided)
        if not first.good or not self._order.ends or first.event in self._order.ends:
            return first
        self._note(first.text)
        self._seen = decided.entry.position + 1
        return await self._until(self._end)

    async def _until[T](self, look: Callable[[], Awaitable[T | None]]) -> T:
        """A ledger that cannot be read for a moment ends no waiting."""
        pause = _LOOK_S
        while True:
            try:
                if (found := await look()) is not None:
                    return found
            except Unavailable as error:
                self._note(f"the ledger cannot be read: {error}")
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, _SELDOM_S)

    async def _decided(self) -> Progress | None:
        progress = await self._ledger.find(self._service, self._entity, self._order.envelope.id)
        if progress and progress.settled:
            return progress
        if waiting := await self._ledger.first_waiting(self._service, self._entity):
            self._note(f"control could not do it yet: {waiting.reason}")
        return None

    async def _end(self) -> Answer | None:
        """Looks at the newest decision of the chain, and at those before it only when several came at once."""
        head = await self._ledger.head(self._service, self._entity)
        first, self._seen = self._seen, head.length
        if head.length <= first or head.last is None:
            return None
        if head.length > first + 1:
            decisions = [each async for each in self._ledger.entries(self._service, self._entity)]
            later = [end_of(each, self._order.ends) for each in decisions if each.entry.position >= first]
            return next(filter(None, later), None)
        newest = await self._ledger.find(self._service, self._entity, head.last)
        return end_of(newest, self._order.ends) if newest else None
