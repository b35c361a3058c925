"""A policy document is kept under its digest before anything is decided by it; its change is an event (design 1.5)."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.adapters.memory import ManualClock, MemoryEventPublisher, MemoryEvidence, MemoryPolicyBook
from shared.events import Envelope, PolicyChanged
from shared.policies import PolicyDocument
from shared.ports import Hub, PolicyOnRecord, Unavailable
from shared.reactor import PolicyRecord
from tests.support.builders import NOW, policy_document

OLDER = policy_document()
NEWER = OLDER.model_copy(update={"defaults": {"modes": {"drift": "observe"}}})


class Place:
    """What outlives a process of control."""

    def __init__(self) -> None:
        self.evidence, self.book, self.publisher = MemoryEvidence(), MemoryPolicyBook(), MemoryEventPublisher()

    def process(self, policy: PolicyDocument, by: str = "", book: Any = None, now: datetime = NOW) -> PolicyRecord:
        return PolicyRecord(policy, self.evidence, book or self.book, self.publisher, ManualClock(now), by)

    def said(self) -> list[Any]:
        return [envelope.data for envelope in self.publisher.published.get("events", [])]


async def test_the_document_can_be_looked_up_by_the_digest_that_decisions_name() -> None:
    place = Place()
    await place.process(OLDER).keep()
    kept = PolicyDocument.model_validate(json.loads(await place.evidence.read(OLDER.digest)))
    assert kept == OLDER
    assert kept.digest == OLDER.digest


async def test_a_change_is_said_with_both_digests_and_who() -> None:
    place = Place()
    for policy, by in ((OLDER, ""), (NEWER, "lea"), (OLDER, "omar")):
        await place.process(policy, by).keep()
    assert place.said() == [
        PolicyChanged(before=None, after=OLDER.digest, by=""),
        PolicyChanged(before=OLDER.digest, after=NEWER.digest, by="lea"),
        PolicyChanged(before=NEWER.digest, after=OLDER.digest, by="omar"),
    ]
    assert len({envelope.id for envelope in place.publisher.published["events"]}) == 3


async def test_every_process_says_it_again_in_the_same_words_as_one_that_died_unheard_would_have() -> None:
    class Unheard(MemoryEventPublisher):
        async def publish(self, hub: Hub, envelopes: Sequence[Envelope[Any]]) -> None:
            raise Unavailable("killed")

    place = Place()
    heard, place.publisher = place.publisher, Unheard()
    with pytest.raises(Unavailable):
        await place.process(OLDER, "lea").keep()
    place.publisher = heard
    for at, by in ((1, "omar"), (2, "")):
        await place.process(OLDER, by, now=NOW + timedelta(days=at)).keep()
    (first, second) = place.publisher.published["events"]
    assert first == second
    assert (first.time, first.data.by) == (NOW, "lea")


async def test_once_in_a_life_and_again_after_a_failure() -> None:
    class Down(MemoryEvidence):
        calls, down = 0, True

        async def keep(self, body: bytes) -> str:
            self.calls += 1
            if self.down:
                raise Unavailable("down")
            return await super().keep(body)

    place = Place()
    place.evidence = evidence = Down()
    process = place.process(OLDER)
    with pytest.raises(Unavailable):
        await process.keep()
    evidence.down = False
    for _ in range(3):
        await process.keep()
    assert evidence.calls == 2
    assert len(place.said()) == 1


async def test_an_instance_that_was_overtaken_looks_again() -> None:
    class Overtaken(MemoryPolicyBook):
        overtaken = False

        async def put(self, policy: PolicyOnRecord) -> None:
            if not self.overtaken:
                self.overtaken = True
                await super().put(PolicyOnRecord(NEWER.digest, policy.number, NOW))
            await super().put(policy)

    place = Place()
    await place.process(OLDER, book=Overtaken()).keep()
    assert place.said()[-1] == PolicyChanged(before=NEWER.digest, after=OLDER.digest)
