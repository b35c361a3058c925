"""Time is an event: due reminders become `mlops.deadline.reached`, each once by an id derived from it and its cause."""

from shared.events import DeadlineReached, Envelope, derive_id
from shared.ports import Clock, Deadline, Deadlines, EventPublisher


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


async def ring(deadlines: Deadlines, publisher: EventPublisher, clock: Clock) -> int:
    """Publish every due reminder, then forget it; how many there were. Raises `Unavailable`."""
    due = await deadlines.due(clock.now())
    if due:
        await publisher.publish("events", [reached(deadline) for deadline in due])
    for deadline in due:
        await deadlines.clear(deadline)
    return len(due)
