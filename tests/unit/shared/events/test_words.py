"""What an event says in one line comes from its class: a new type brings its words, and no reader guesses fields."""

from typing import Any

import pytest

from shared.events import (
    Announcement,
    BrakeEngaged,
    BrakeReleased,
    Envelope,
    Event,
    RedriveStarted,
    RollbackCompleted,
    to_cloud_event,
)
from shared.events.brakes import scope_words
from shared.events.catalogue import event_types
from tests.unit.shared.events.examples import envelopes, example

_EXAMPLES = list(envelopes())


@pytest.mark.parametrize("envelope", _EXAMPLES, ids=lambda envelope: envelope.data.type)
def test_every_example_has_words(envelope: Envelope[Any]) -> None:
    parts = envelope.data.words()
    assert any(parts)
    assert all(isinstance(part, str) for part in parts)


def test_no_type_is_left_out() -> None:
    assert {type(envelope.data) for envelope in _EXAMPLES} == set(event_types().values())


def test_a_type_with_a_notice_alone_is_told_by_its_title() -> None:
    class Told(Event):
        def notice(self) -> Announcement:
            return Announcement("It rains", "In all zones.")

    assert Told().words() == ("It rains",)


def test_words_keep_their_place_in_a_story() -> None:
    """How what was restored proved itself is told, and digests in the names of jobs are short."""
    told = example(RollbackCompleted).words()
    assert "taken back for" in told[0]
    assert any(part.startswith("proven on ") for part in told)


def test_the_envelope_is_not_part_of_the_words() -> None:
    for envelope in _EXAMPLES:
        assert envelope.id not in " ".join(envelope.data.words())
        assert to_cloud_event(envelope)["type"] not in envelope.data.words()


@pytest.mark.parametrize(
    ("event", "reply"),
    [
        (example(BrakeEngaged), "paused: reactions about {about} are decided and recorded, nothing is done"),
        (example(BrakeReleased), "resumed: reactions about {about} act again; what was held stays held"),
        (example(RollbackCompleted), ""),
    ],
    ids=["engaged", "released", "its words say it"],
)
def test_who_ordered_something_is_told_what_that_means(event: Any, reply: str) -> None:
    assert event.reply() == reply.format(about=scope_words(getattr(event, "scope", "all")))


def test_what_is_redriven_is_named() -> None:
    event = example(RedriveStarted)
    assert event.reply() == f"redriven: {event.decision or event.letter} of {event.service} is under way again"


@pytest.mark.parametrize(
    ("scope", "words"),
    [("all", "everything"), ("/w|endpoint|flights", "endpoint flights"), ("neither", "neither")],
)
def test_what_a_brake_holds_is_named(scope: str, words: str) -> None:
    assert scope_words(scope) == words
