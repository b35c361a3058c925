"""A due reminder becomes one event, by its id: repeats are the same event, and no two events share an id."""

from dataclasses import replace

from shared.ports import Deadline
from shared.reactor.deadlines import reached
from tests.support.builders import NOW, endpoint_ref

_DEADLINE = Deadline("promotion", endpoint_ref().entity, "look", NOW, cause="one", correlation="chain")


def test_a_reminder_that_is_announced_again_is_the_same_event() -> None:
    assert reached(_DEADLINE) == reached(replace(_DEADLINE))


def test_the_same_reminder_of_two_causes_for_one_moment_is_two_events() -> None:
    """The first was announced, and its app killed before it could forget it; then another event set it again."""
    assert reached(_DEADLINE).id != reached(replace(_DEADLINE, cause="other")).id
