"""Another system's words in, our facts out: what comes by this hub is translated, not decided about."""

import traceback
from collections.abc import Callable, Sequence
from typing import Any

from shared.events import Envelope
from shared.ports import EventPublisher, Hub, Message, Positions, Unavailable
from shared.reactor.dead_letters import DeadLetters
from shared.reactor.streams import Gaps

type Translate = Callable[[bytes], tuple[Sequence[Envelope[Any]], str]]


class Translating:
    """`translate` gives the facts in a message and, for what could not be read, a reason ("" when all could).

    Facts go out by hub `to`.
    """

    def __init__(
        self,
        service: str,
        translate: Translate,
        to: Hub,
        publisher: EventPublisher,
        positions: Positions,
        gaps: Gaps,
        dead_letters: DeadLetters,
    ) -> None:
        self._service, self._translate, self._to, self._publisher = service, translate, to, publisher
        self._positions, self._gaps, self._dead = positions, gaps, dead_letters

    async def consume(self, hub: Hub, messages: Sequence[Message]) -> None:
        """See a batch of one partition through. Raises `Unavailable` when nothing can be written."""
        if not messages:
            return
        partition = messages[0].partition
        last = await self._positions.last(self._service, hub, partition)
        batch = await self._gaps.close(self._service, hub, last, messages)
        await self._publish([(message, facts) for message in batch if (facts := await self._facts(message))])
        await self._positions.advance(self._service, hub, partition, batch[-1].sequence)

    async def _facts(self, message: Message) -> Sequence[Envelope[Any]]:
        try:
            facts, reason = self._translate(message.body)
        except Exception:  # noqa: BLE001 - a bug must not hold the partition: the message is kept, with the traceback
            facts, reason = (), traceback.format_exc(limit=-5)
        if reason:
            await self._dead.bury(self._service, message, reason)
        return facts

    async def _publish(self, translated: Sequence[tuple[Message, Sequence[Envelope[Any]]]]) -> None:
        """All at once, which is cheap; one message after the other where that is refused, to find which it is."""
        facts = [fact for _, some in translated for fact in some]
        if not facts or await self._sent(facts) is None:
            return
        for message, some in translated:
            if reason := await self._sent(some):
                await self._dead.bury(self._service, message, reason)

    async def _sent(self, facts: Sequence[Envelope[Any]]) -> str | None:
        """Why these can never be sent; None when they were. Raises `Unavailable`."""
        try:
            await self._publisher.publish(self._to, facts)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - refused, or a bug about one fact: neither may hold the partition
            return f"{type(error).__name__}: {error}"
        return None
