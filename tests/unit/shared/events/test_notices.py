"""What an event says to people: plain words, how grave it is, and for what has gone wrong the command that shows it."""

import shlex

import pytest

from function_app.operator.__main__ import app
from shared.events import Announcement, Event
from shared.events.catalogue import event_types
from tests.unit.shared.events.examples import every_example

NOTICED = sorted(
    (event_type for event_type in event_types().values() if event_type.notice is not Event.notice),
    key=lambda event_type: event_type.type,
)
# Each of these is told once, and says how it is looked at: nobody finds it by looking at the endpoint alone.
AT_NIGHT = (
    "mlops.messages.buried", "mlops.captures.lost", "mlops.rows.unmonitored", "mlops.rows.refused",
    "mlops.action.failed", "mlops.action.stalled", "mlops.action.pending", "mlops.lane.stalled", "mlops.lane.stopped",
    "mlops.events.lost", "mlops.rollback.failed",
)  # fmt: skip
GONE_WRONG = ("failed", "lost", "stalled", "stopped", "buried")


def notices(event_type: type[Event]) -> list[Announcement]:
    found = [event.notice() for event in every_example(event_type)]
    assert all(found)
    return [notice for notice in found if notice]


@pytest.mark.parametrize("event_type", NOTICED)
def test_a_notice_is_whole(event_type: type[Event]) -> None:
    for notice in notices(event_type):
        assert notice.title
        assert notice.text.endswith((".", "!", "?", "…")), notice.text
        assert notice.severity in ("info", "warning", "error")


@pytest.mark.parametrize("event_type", [each for each in NOTICED if each.type.endswith(GONE_WRONG)])
def test_what_has_gone_wrong_is_never_mere_information(event_type: type[Event]) -> None:
    assert all(notice.severity != "info" and notice.audience for notice in notices(event_type))


@pytest.mark.parametrize("name", AT_NIGHT)
def test_at_three_in_the_morning_a_command_is_there_that_exists(name: str) -> None:
    commands = {
        command.name or (command.callback.__name__ if command.callback else "") for command in app.registered_commands
    }
    groups = {group.name for group in app.registered_groups}
    for notice in notices(event_types()[name]):
        program, command, *_ = shlex.split(notice.command)
        assert program == "sluice"
        assert command in {each.replace("_", "-") for each in commands} | groups
        assert "platform-support" in notice.audience
