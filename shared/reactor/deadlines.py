"""Time is an event: due reminders become `mlops.deadline.reached`, each once by an id derived from it and its cause."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from shared.events import DeadlineReached, Envelope, derive_id
from shared.ports import Clock, Deadline, Deadlines, EventPublisher, Refused

log = logging.getLogger("sluice.deadlines")
_AT_ONCE = 500
_AGAIN = timedelta(hours=1)


def reached(deadline: Deadline) -> Envelope[DeadlineReached]:
    about = str(deadline.entity)
    event = DeadlineReached(service=deadline.service, about=about, key=deadline.key, at=deadline.at)
    return Envelope(
        id=derive_id("deadline", deadline.service, about, deadline.key, deadline.at.isoformat(), deadline.cause),
        source="/sluice/deadlines",
        time=deadline.at,
        data=event,
        correlation_id=deadline.correlation,
        causation_id=deadline.cause,
    )


async def ring(
    deadlines: Deadlines, publisher: EventPublisher, clock: Clock, budget: timedelta = timedelta(seconds=20)
) -> int:
    """Publish all reminders that are due, then forget them, until none is left or time is up; how many there were.

    Raises `Unavailable`. One that cannot be published stands in nobody's way: it is put off, and logged.
    """
    until, rung = asyncio.get_running_loop().time() + budget.total_seconds(), 0
    while due := await deadlines.due(clock.now(), _AT_ONCE):
        await _publish(deadlines, publisher, due)
        await deadlines.clear(due)
        rung += len(due)
        if len(due) < _AT_ONCE or asyncio.get_running_loop().time() > until:
            break
    return rung


async def _publish(deadlines: Deadlines, publisher: EventPublisher, due: Sequence[Deadline]) -> None:
    try:
        return await publisher.publish("events", [reached(deadline) for deadline in due])
    except Refused:
        log.exception("a reminder among %d cannot be published: each is tried alone", len(due))
    for deadline in due:
        try:
            await publisher.publish("events", [reached(deadline)])
        except Refused:
            log.exception("reminder %s of %s on %s is put off", deadline.key, deadline.service, deadline.entity)
            await deadlines.set(replace(deadline, at=deadline.at + _AGAIN))
