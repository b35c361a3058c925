"""Azure's own words in, our facts out: hub `inbound` is translated, not decided about."""

from collections.abc import Callable, Sequence
from typing import Any

from shared.events import Envelope
from shared.ports import EventPublisher, Message, Positions
from shared.reactor.dead_letters import DeadLetters
from shared.reactor.streams import Gaps

type Translate = Callable[[bytes], tuple[Sequence[Envelope[Any]], str]]


class Translating:
    """`translate` gives the facts in a message and, for what could not be read, a reason ("" when all could)."""

    def __init__(
        self, service: str, translate: Translate, publisher: EventPublisher, positions: Positions, gaps: Gaps,
        dead_letters: DeadLetters,
    ) -> None:  # fmt: skip
        self._service, self._translate, self._publisher = service, translate, publisher
        self._positions, self._gaps, self._dead = positions, gaps, dead_letters

    async def consume(self, messages: Sequence[Message]) -> None:
        """See a batch of one partition through. Raises `Unavailable` when nothing can be written."""
        if not messages:
            return
        partition = messages[0].partition
        last = await self._positions.last(self._service, "inbound", partition)
        batch = await self._gaps.close(self._service, "inbound", last, messages)
        facts = [fact for message in batch for fact in await self._facts(message)]
        if facts:
            await self._publisher.publish("events", facts)
        await self._positions.advance(self._service, "inbound", partition, batch[-1].sequence)

    async def _facts(self, message: Message) -> Sequence[Envelope[Any]]:
        facts, reason = self._translate(message.body)
        if reason:
            await self._dead.bury(self._service, message, reason)
        return facts
