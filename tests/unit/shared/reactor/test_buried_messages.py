"""Of what lies among the dead letters people hear once an hour and kind, and never of what telling them broke on."""

from datetime import timedelta

import pytest

from shared.adapters.memory import MemoryEventPublisher
from shared.adapters.memory.clock import ManualClock
from shared.adapters.memory.letter_bodies import MemoryLetterBodies
from shared.events import Event, MessagesBuried
from shared.ports import Message
from shared.reactor import DeadLetters
from tests.support.builders import NOW


class Grave:
    def __init__(self) -> None:
        self.clock, self.publisher = ManualClock(), MemoryEventPublisher()
        self.letters = DeadLetters(self.publisher, MemoryLetterBodies(), self.clock)
        self.sequence = 0

    async def bury(self, reason: str, service: str = "lifecycle") -> None:
        self.sequence += 1
        message = Message(hub="events", partition=0, sequence=self.sequence, body=b"{", enqueued_at=NOW)
        await self.letters.bury(service, message, reason)

    @property
    def told(self) -> list[Event]:
        return [envelope.data for envelope in self.publisher.published["events"]]


@pytest.fixture
def grave() -> Grave:
    return Grave()


async def test_of_many_alike_people_hear_once_an_hour(grave: Grave) -> None:
    for number in range(50):
        await grave.bury(f"data.model.name: field {number} of 'flights-{number}' is required")
    (told,) = grave.told
    assert isinstance(told, MessagesBuried)
    assert len(grave.publisher.published["dead-letter"]) == 50
    assert told.letter == grave.publisher.published["dead-letter"][0].id
    grave.clock.advance(timedelta(hours=1))
    await grave.bury("data.model.name: field 7 of 'flights-7' is required")
    assert len(grave.told) == 2


async def test_another_reason_or_reader_is_told_for_itself(grave: Grave) -> None:
    await grave.bury("specversion: 1.0 is required")
    await grave.bury("type: unknown")
    await grave.bury("type: unknown", service="measurement")
    assert len(grave.told) == 3


async def test_two_instances_say_it_under_one_id(grave: Grave) -> None:
    other = Grave()
    await grave.bury("type: unknown")
    await other.bury("type: unknown")
    assert grave.publisher.published["events"][0].id == other.publisher.published["events"][0].id


async def test_of_a_bug_people_hear_what_it_said_at_its_end(grave: Grave) -> None:
    await grave.bury("Traceback (most recent call last):\n  File \"x.py\", line 1\nKeyError: 'window'\n")
    (told,) = grave.told
    assert isinstance(told, MessagesBuried)
    assert told.reason == "KeyError: 'window'"


@pytest.mark.parametrize("service", ["tell", "notifications"])
async def test_what_the_tellers_break_on_is_not_told_to_them_again(grave: Grave, service: str) -> None:
    """Each such message would be one more that they break on."""
    await grave.bury("a bug", service=service)
    assert grave.told == []
    assert len(grave.publisher.published["dead-letter"]) == 1
