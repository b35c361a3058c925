"""Where a message goes that can never be handled: kept with its reason, out of everybody's way."""

import logging
from typing import Any

from shared.events import DeadLettered, Envelope, derive_id
from shared.ports import Clock, EventPublisher, Evidence, LetterBook, Message

log = logging.getLogger("sluice.dead_letters")
_LONGEST_REASON = 2000


class DeadLetters:
    def __init__(
        self, publisher: EventPublisher, evidence: Evidence, clock: Clock, book: LetterBook | None = None
    ) -> None:
        self._publisher, self._evidence, self._clock, self._book = publisher, evidence, clock, book

    async def bury(self, service: str, message: Message, reason: str, chain: Envelope[Any] | None = None) -> None:
        """Keep the body under its digest, note it in the book, announce it on hub `dead-letter`; or `Unavailable`."""
        log.error("dead letter: %s from %s/%s #%d", service, message.hub, message.partition, message.sequence)
        letter = DeadLettered(
            service=service,
            hub=message.hub,
            partition=message.partition,
            sequence=message.sequence,
            body=await self._evidence.keep(message.body),
            reason=reason[:_LONGEST_REASON],
        )
        identity = derive_id("dead-letter", service, message.hub, str(message.partition), str(message.sequence))
        envelope = Envelope(
            id=identity,
            source="/sluice/dead-letters",
            time=self._clock.now(),
            data=letter,
            correlation_id=chain.correlation_id if chain else identity,
            causation_id=chain.id if chain else None,
        )
        if self._book is not None:
            await self._book.keep(identity, letter)
        await self._publisher.publish("dead-letter", [envelope])
