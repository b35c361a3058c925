"""Where a message goes that can never be handled: kept with its reason, out of everybody's way."""

import logging
from typing import Any

from shared.events import DeadLettered, Envelope, derive_id
from shared.events.border import printable
from shared.ports import Clock, EventPublisher, LetterBodies, LetterBook, Message

log = logging.getLogger("sluice.dead_letters")
_LONGEST_ID = 256


class DeadLetters:
    def __init__(
        self, publisher: EventPublisher, bodies: LetterBodies, clock: Clock, book: LetterBook | None = None
    ) -> None:
        self._publisher, self._bodies, self._clock, self._book = publisher, bodies, clock, book

    async def bury(self, service: str, message: Message, reason: str, chain: Envelope[Any] | None = None) -> None:
        """Keep the body under its digest, note it in the book, announce it on hub `dead-letter`; or `Unavailable`.

        `service` is who could not handle it, a service or a lane. Nothing in the message keeps it from being buried:
        what is not writable of the reason or of the chain is replaced.
        """
        log.error("dead letter: %s from %s/%s #%d", service, message.hub, message.partition, message.sequence)
        letter = DeadLettered(
            service=printable(service, _LONGEST_ID),
            hub=message.hub,
            partition=message.partition,
            sequence=message.sequence,
            body=await self._bodies.keep(message.body),
            reason=reason,
        )
        identity = derive_id("dead-letter", service, message.hub, str(message.partition), str(message.sequence))
        envelope = Envelope(
            id=identity,
            source="/sluice/dead-letters",
            time=self._clock.now(),
            data=letter,
            correlation_id=printable(chain.correlation_id, _LONGEST_ID) if chain else identity,
            causation_id=printable(chain.id, _LONGEST_ID) if chain else None,
        )
        if self._book is not None:
            await self._book.keep(identity, letter)
        await self._publisher.publish("dead-letter", [envelope])
