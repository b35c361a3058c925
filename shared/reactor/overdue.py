"""Work that waits for long is said once: what cannot be had is tried again in silence otherwise."""

import logging
from datetime import datetime, timedelta

from shared.events import ActionPending, Envelope, ServiceMissed, derive_id
from shared.ports import Clock, EventPublisher, Unavailable, Waiting

log = logging.getLogger("sluice.reactor")
_REMEMBERED = 1000


class Overdue:
    def __init__(self, publisher: EventPublisher, clock: Clock, after: timedelta) -> None:
        self._publisher, self._clock, self._after = publisher, clock, after
        self._said: dict[str, None] = {}

    async def look_at(self, waiting: Waiting, reason: str) -> None:
        """Say that it waits, once it has for long: under one id, whoever of several instances says it."""
        about, cause = str(waiting.entity), waiting.event_id
        # What says that something waits is not itself said to wait: a notifier that is down would never end it.
        if waiting.event.get("type") == ActionPending.type:
            return
        pending = ActionPending(
            service=waiting.service, about=about, decision=cause, since=waiting.since, reason=reason
        )
        chain = str(waiting.event.get("correlationid") or cause)
        identity = derive_id("pending", waiting.service, about, cause)
        await self._say(Envelope(identity, "/sluice/waiting", waiting.since, pending, chain, cause), waiting.since)

    async def miss(self, waiting: Waiting, until: datetime) -> None:
        """Say of all that waits for a service which is gone, once a week: there may be thousands of them."""
        missed = ServiceMissed(service=waiting.service, since=waiting.since, until=until)
        identity = derive_id("missed", waiting.service, f"{self._clock.now():%G-W%V}")
        envelope = Envelope.first(missed, id=identity, source="/sluice/waiting", time=self._clock.now())
        await self._say(envelope, waiting.since)

    async def _say(self, envelope: Envelope[ActionPending] | Envelope[ServiceMissed], since: datetime) -> None:
        if self._clock.now() - since < self._after or envelope.id in self._said:
            return
        try:
            await self._publisher.publish("events", [envelope])
        except Unavailable as error:
            # The work itself waits safely, and its next try says this again.
            log.warning("not said that %s waits: %s", envelope.data.service, error)
            return
        self._said = dict.fromkeys([*list(self._said)[-_REMEMBERED:], envelope.id])
