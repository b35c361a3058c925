"""A due reminder becomes one event, by its id: repeats are the same event, and no two events share an id."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from shared.adapters.memory import ManualClock, MemoryDeadlines, MemoryEventPublisher
from shared.events import Envelope
from shared.ports import Deadline, Hub, Refused
from shared.reactor.deadlines import reached, ring
from tests.support.builders import NOW, endpoint_ref

_DEADLINE = Deadline("promotion", endpoint_ref().entity, "look", NOW, cause="one", correlation="chain")


def test_a_reminder_that_is_announced_again_is_the_same_event() -> None:
    assert reached(_DEADLINE) == reached(replace(_DEADLINE))


def test_the_same_reminder_of_two_causes_for_one_moment_is_two_events() -> None:
    """The first was announced, and its app killed before it could forget it; then another event set it again."""
    assert reached(_DEADLINE).id != reached(replace(_DEADLINE, cause="other")).id


async def _many(count: int) -> MemoryDeadlines:
    deadlines = MemoryDeadlines()
    for number in range(count):
        await deadlines.set(replace(_DEADLINE, key=f"look {number}"))
    return deadlines


async def test_all_that_are_due_are_published_and_forgotten_at_once() -> None:
    """A hundred at each look fell behind for ever where more came due in a minute."""
    deadlines, publisher, clock = await _many(1234), MemoryEventPublisher(), ManualClock(NOW)
    assert await ring(deadlines, publisher, clock) == 1234
    assert len({envelope.id for envelope in publisher.published["events"]}) == 1234
    assert await ring(deadlines, publisher, clock) == 0


class Refusing(MemoryEventPublisher):
    """Refuses whatever holds this one reminder."""

    async def publish(self, hub: Hub, envelopes: Sequence[Envelope[Any]]) -> None:
        if any(envelope.data.key == "look 3" for envelope in envelopes):
            raise Refused("larger than a message may be")
        await super().publish(hub, envelopes)


async def test_one_that_cannot_be_published_is_put_off_and_stops_nobody() -> None:
    deadlines, publisher, clock = await _many(10), Refusing(), ManualClock(NOW)
    await ring(deadlines, publisher, clock)
    assert len(publisher.published["events"]) == 9
    clock.advance(timedelta(minutes=59))
    assert await ring(deadlines, publisher, clock) == 0
    assert len(await deadlines.due(NOW + timedelta(hours=1))) == 1
