"""What folding does with what it cannot count: it is kept, people hear of it once, and the others go on."""

import logging
import traceback
from datetime import datetime

from shared.events import Entity, Envelope, Event, RowsRefused, StateSetAside, Unreadable, derive_id
from shared.ports import Clock, EventPublisher, Evidence, Message, Place, Refused
from shared.reactor.dead_letters import DeadLetters
from shared.reactor.fold_rows import Keyed

log = logging.getLogger("sluice.folding")


class FoldFailures:
    def __init__(self, dead_letters: DeadLetters, evidence: Evidence, publisher: EventPublisher, clock: Clock) -> None:
        self._dead, self._evidence, self._publisher, self._clock = dead_letters, evidence, publisher, clock
        self._told: set[str] = set()

    async def unreadable(self, service: str, message: Message, reason: Unreadable) -> None:
        """Raises `Unavailable`."""
        await self._dead.bury(service, message, str(reason))

    async def refused(self, service: str, row: Keyed, error: Exception) -> None:
        """This one row cannot be folded; called while `error` is being handled. Raises `Unavailable`."""
        message, key = row.message, str(row.key)
        # A bug's own words may quote a cell; who looks into the dead letter may see it, who gets a notice need not.
        known = isinstance(error, Refused)
        reason = str(error) if known else traceback.format_exc(limit=-5)
        await self._dead.bury(service, message, reason, row.row.envelope)
        words = str(error) if known else f"{type(error).__name__}, a bug: its dead letter says where"
        refused = RowsRefused(
            service=service, hub=message.hub, partition=message.partition, about=key, reason=words,
            sequence=message.sequence,
        )  # fmt: skip
        now = self._clock.now()
        await self._tell(refused, now, "rows-refused", service, key, type(error).__name__, f"{now:%Y-%m-%d}")

    async def unreadable_state(self, place: Place, key: Entity, body: bytes, reason: Unreadable) -> None:
        """Raises `Unavailable`."""
        log.error("state of %s in %s/%s set aside: %s", place.reader, place.hub, place.partition, reason)
        digest = await self._evidence.keep(body)
        aside = StateSetAside(
            service=place.reader, hub=place.hub, partition=place.partition, about=str(key), reason=str(reason),
            state=digest,
        )  # fmt: skip
        identity = ("state-set-aside", place.reader, str(key), str(place.partition), digest)
        await self._tell(aside, self._clock.now(), *identity)

    async def _tell(self, event: Event, now: datetime, *identity: str) -> None:
        known = derive_id(*identity)
        if known not in self._told:
            await self._publisher.publish(
                "events", [Envelope.first(event, id=known, source="/sluice/folding", time=now)]
            )
            self._told.add(known)
