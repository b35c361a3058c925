"""Another system's words in, our facts out: what comes by this hub is translated, not decided about."""

import traceback
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from shared.events import Envelope, Unreadable
from shared.ports import EventPublisher, Hub, Message, Place, Unavailable
from shared.reactor.dead_letters import DeadLetters
from shared.reactor.reading import Reading, Slice, Stretch
from shared.reactor.stalls import Stalls

type Translate = Callable[[bytes], tuple[Sequence[Envelope[Any]], str]]


class Translating:
    """`translate` gives the facts in a message and, for what could not be read, a reason ("" when all could).

    Facts go out by hub `to`.
    """

    def __init__(
        self,
        reader: str,
        hub: Hub,
        translate: Translate,
        to: Hub,
        publisher: EventPublisher,
        reading: Reading,
        dead_letters: DeadLetters,
        stalls: Stalls,
    ) -> None:
        self._name, self._hub, self._translate, self._to, self._publisher = reader, hub, translate, to, publisher
        self._reading, self._dead, self._stalls = reading, dead_letters, stalls

    async def consume(self, messages: Sequence[Message]) -> None:
        """See a batch of one partition through. Raises `Unavailable` when nothing can be written."""
        if not messages:
            return
        place = Place(self._name, self._hub, messages[0].partition)
        slices = self._reading.slices(place, messages)
        await self._stalls.watch(place, messages[0].sequence, self._see_through(slices))

    async def catch_up(self, behind: Stretch) -> None:
        """See to what was left behind. Raises `Unavailable`."""
        work = self._see_through(self._reading.behind(behind.place, behind.last))
        await self._stalls.watch(behind.place, behind.first, work, behind.since)

    async def _see_through(self, slices: AsyncIterator[Slice]) -> None:
        async for each in slices:
            translated = [(message, await self._facts(message)) for message in each.messages]
            await self._publish([(message, facts) for message, facts in translated if facts])
            await self._reading.moved(each, at_once=True)

    async def _facts(self, message: Message) -> Sequence[Envelope[Any]]:
        try:
            facts, reason = self._translate(message.content())
        except Unreadable as flaw:
            facts, reason = (), str(flaw)
        except Exception:  # noqa: BLE001 - a bug must not hold the partition: the message is kept, with the traceback
            facts, reason = (), traceback.format_exc(limit=-5)
        if reason:
            await self._dead.bury(self._name, message, reason)
        return facts

    async def _publish(self, translated: Sequence[tuple[Message, Sequence[Envelope[Any]]]]) -> None:
        """All at once, which is cheap; one message after the other where that is refused, to find which it is."""
        facts = [fact for _, some in translated for fact in some]
        if not facts or await self._sent(facts) is None:
            return
        for message, some in translated:
            if reason := await self._sent(some):
                await self._dead.bury(self._name, message, reason)

    async def _sent(self, facts: Sequence[Envelope[Any]]) -> str | None:
        """Why these can never be sent; None when they were. Raises `Unavailable`."""
        try:
            await self._publisher.publish(self._to, facts)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - refused, or a bug about one fact: neither may hold the partition
            return f"{type(error).__name__}: {error}"
        return None
