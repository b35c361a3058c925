"""What is translated: whatever becomes of one message, the next one is handled and the position moves."""

from collections.abc import Sequence
from typing import Any

import pytest

from shared.adapters.memory import ManualClock, MemoryEventPublisher, MemoryHubReader
from shared.adapters.memory.letter_bodies import MemoryLetterBodies
from shared.adapters.memory.positions import MemoryPositions
from shared.events import DeadLettered, Envelope, ModelRegistered
from shared.ports import Hub, Message, Place, Refused, Unavailable
from shared.reactor import DeadLetters, Reading, Stalls, Translating
from tests.support.builders import NOW, model_ref


class Hubs(MemoryEventPublisher):
    """`trouble` is raised for each of these versions."""

    def __init__(self) -> None:
        super().__init__()
        self.trouble: dict[str, Exception] = {}

    async def publish(self, hub: Hub, envelopes: Sequence[Envelope[Any]]) -> None:
        for envelope in envelopes:
            if isinstance(envelope.data, ModelRegistered) and envelope.data.model.version in self.trouble:
                raise self.trouble[envelope.data.model.version]
        await super().publish(hub, envelopes)


class Desk:
    """A translator to whom a body is a model's version, `bug` a division by zero, and `half` readable in part."""

    def __init__(self) -> None:
        self.hubs, self.positions, clock = Hubs(), MemoryPositions(), ManualClock(NOW)
        letters = DeadLetters(self.hubs, MemoryLetterBodies(), clock)
        reading = Reading(self.positions, MemoryHubReader(self.hubs), self.hubs, clock)
        self.translating = Translating(
            "intake", "inbound", self.translate, "events", self.hubs, reading, letters, Stalls(self.hubs, clock)
        )

    def translate(self, body: bytes) -> tuple[Sequence[Envelope[Any]], str]:
        text = body.decode()
        fact = ModelRegistered(model=model_ref(text), tags={"n": str(1 // (text != "bug"))})
        return [Envelope.first(fact, id=text, source="/t", time=NOW)], "the other half" if text == "half" else ""

    async def consume(self, *bodies: str) -> None:
        messages = [Message("inbound", 0, number, body.encode()) for number, body in enumerate(bodies)]
        await self.translating.consume(messages)

    @property
    def versions(self) -> list[str]:
        sent = (envelope.data for envelope in self.hubs.published["events"])
        return [event.model.version for event in sent if isinstance(event, ModelRegistered)]

    @property
    def dead(self) -> list[DeadLettered]:
        return [envelope.data for envelope in self.hubs.published["dead-letter"]]

    async def last(self) -> int | None:
        position = await self.positions.read(Place("intake", "inbound", 0))
        return position.sequence if position else None


async def test_a_bug_buries_its_message_and_the_next_one_is_translated() -> None:
    desk = Desk()
    await desk.consume("1", "bug", "2")
    assert desk.versions == ["1", "2"]
    assert [(letter.sequence, "ZeroDivisionError" in letter.reason) for letter in desk.dead] == [(1, True)]
    assert await desk.last() == 2


async def test_what_is_readable_of_a_message_goes_out_and_the_message_is_kept() -> None:
    desk = Desk()
    await desk.consume("half")
    assert desk.versions == ["half"]
    assert [letter.reason for letter in desk.dead] == ["the other half"]


@pytest.mark.parametrize("trouble", [Refused("too large"), UnicodeEncodeError("utf-8", "x", 0, 1, "surrogates")])
async def test_a_fact_that_can_never_be_sent_buries_its_message_alone(trouble: Exception) -> None:
    desk = Desk()
    desk.hubs.trouble["2"] = trouble
    await desk.consume("1", "2", "3")
    assert desk.versions == ["1", "3"]
    assert [(letter.sequence, letter.reason) for letter in desk.dead] == [(1, f"{type(trouble).__name__}: {trouble}")]
    assert await desk.last() == 2


async def test_a_hub_that_is_down_holds_the_position() -> None:
    desk = Desk()
    desk.hubs.trouble["2"] = Unavailable("down")
    with pytest.raises(Unavailable):
        await desk.consume("1", "2")
    assert await desk.last() is None
    assert desk.dead == []


async def test_an_empty_batch_is_nothing() -> None:
    desk = Desk()
    await desk.consume()
    assert await desk.last() is None
