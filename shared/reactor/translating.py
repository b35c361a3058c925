"""Azure's own words in, our facts out: hub `inbound` is translated, not decided about."""

from collections.abc import Callable, Sequence
from typing import Any

from shared.events import Envelope
from shared.ports import EventPublisher, Hub, Message, Place
from shared.reactor.dead_letters import DeadLetters
from shared.reactor.reading import Reading
from shared.reactor.stalls import Stalls

type Translate = Callable[[bytes], tuple[Sequence[Envelope[Any]], str]]


class Translating:
    """`translate` gives the facts in a message and, for what could not be read, a reason ("" when all could)."""

    def __init__(
        self, reader: str, hub: Hub, translate: Translate, publisher: EventPublisher, reading: Reading,
        dead_letters: DeadLetters, stalls: Stalls,
    ) -> None:  # fmt: skip
        self._name, self._hub, self._translate, self._publisher = reader, hub, translate, publisher
        self._reading, self._dead, self._stalls = reading, dead_letters, stalls

    async def consume(self, messages: Sequence[Message]) -> None:
        """See a batch of one partition through. Raises `Unavailable` when nothing can be written."""
        if not messages:
            return
        place = Place(self._name, self._hub, messages[0].partition)
        async with self._stalls.watch(place, messages[0].sequence):
            async for batch in self._reading.slices(place, messages):
                facts = [fact for message in batch for fact in await self._facts(message)]
                if facts:
                    await self._publisher.publish("events", facts)
                await self._reading.moved(place, batch[-1].sequence, at_once=True)

    async def _facts(self, message: Message) -> Sequence[Envelope[Any]]:
        facts, reason = self._translate(message.body)
        if reason:
            await self._dead.bury(self._name, message, reason)
        return facts
