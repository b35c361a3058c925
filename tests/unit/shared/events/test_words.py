"""What an event says in one line comes from its class: a new type brings its words, and no reader guesses fields."""

from typing import Any

import pytest

from shared.events import Announcement, Envelope, Event, RollbackCompleted, to_cloud_event
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
