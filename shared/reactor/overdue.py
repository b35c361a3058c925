"""Work that waits for long is said once: what cannot be had is tried again in silence otherwise."""

import logging
from datetime import datetime, timedelta

from shared.events import ActionPending
from shared.ports import EventPublisher, Unavailable
from shared.reactor.deciding import Case

log = logging.getLogger("sluice.reactor")
_REMEMBERED = 1000


class Overdue:
    def __init__(self, publisher: EventPublisher, after: timedelta) -> None:
        self._publisher, self._after = publisher, after
        self._said: dict[str, None] = {}

    async def look_at(self, case: Case, since: datetime, now: datetime, reason: str) -> None:
        """Say that it waits, once it has for long: under one id, whoever of several instances says it."""
        by = f"{case.service.name}/{case.entity.table_key}"
        pending = ActionPending(
            service=case.service.name,
            about=str(case.entity),
            decision=case.envelope.id,
            since=since,
            reason=reason,
        )
        said = case.envelope.follow_up(pending, time=since, by=by, key="pending")
        # What says that something waits is not itself said to wait: a notifier that is down would never end it.
        if now - since < self._after or said.id in self._said or isinstance(case.envelope.data, ActionPending):
            return
        try:
            await self._publisher.publish("events", [said])
        except Unavailable as error:
            # The work itself waits safely, and its next try says this again.
            log.warning("not said that %s waits: %s", case.service.name, error)
            return
        self._said = dict.fromkeys([*list(self._said)[-_REMEMBERED:], said.id])
