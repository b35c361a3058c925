"""Where a message goes that can never be handled: kept with its reason, out of everybody's way."""

import logging
import re
from typing import Any

from shared.events import DeadLettered, Envelope, MessagesBuried, derive_id
from shared.events.border import printable
from shared.events.fields import LONGEST_WORDS
from shared.ports import Clock, EventPublisher, LetterBodies, LetterBook, Message

log = logging.getLogger("sluice.dead_letters")
_LONGEST_ID = 256
_REMEMBERED = 1000
# What the tellers themselves cannot handle is not told by another message that they could not handle either.
_WHO_TELL = {"tell", "notifications"}
_DETAILS = re.compile(r"[0-9a-f]{8,}|\d+|'[^']*'|\"[^\"]*\"")


class DeadLetters:
    def __init__(
        self, publisher: EventPublisher, bodies: LetterBodies, clock: Clock, book: LetterBook | None = None
    ) -> None:
        self._publisher, self._bodies, self._clock, self._book = publisher, bodies, clock, book
        self._said: dict[str, None] = {}

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
        await self._say(identity, letter, printable(last_line(reason), LONGEST_WORDS))

    async def _say(self, identity: str, letter: DeadLettered, reason: str) -> None:
        """To people, once an hour for each reader and kind of reason: no service reads hub `dead-letter`."""
        if letter.service in _WHO_TELL:
            return
        now = self._clock.now()
        kind = derive_id("buried", letter.service, letter.hub, kind_of(reason), f"{now:%Y-%m-%dT%H}")
        if kind in self._said:
            return
        buried = MessagesBuried(service=letter.service, hub=letter.hub, reason=reason, letter=identity)
        envelope = Envelope.first(buried, id=kind, source="/sluice/dead-letters", time=now)
        await self._publisher.publish("events", [envelope])
        self._said = dict.fromkeys([*list(self._said)[-_REMEMBERED:], kind])


def last_line(reason: str) -> str:
    """Of a traceback, what it says at its end."""
    return reason.strip().rpartition("\n")[2]


def kind_of(reason: str) -> str:
    """The reason without what differs from message to message: numbers, ids and what is quoted."""
    return _DETAILS.sub("#", reason)[:120]
