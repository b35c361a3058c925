"""Dead letters by service, reason and time; and all that are alike redriven by one command."""

import asyncio
import json
from typing import Any

import pytest

from function_app.operator.hubs import Received
from shared.events import RedriveRequested, RetrainingRequested, encode
from shared.ports import LetterBook, Message
from shared.reactor import DeadLetters
from tests.support.builders import NOW, endpoint_ref, envelope
from tests.unit.operator.terminal import REASON, Terminal

WANTED = RetrainingRequested(endpoint=endpoint_ref(), model_name="flights", data_until=NOW, reason="drift")


@pytest.fixture
def buried(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Three of lane measurement by one bug, one of service drift; all but the last came by hub events."""
    world = terminal.world
    dead = DeadLetters(world.hubs, world.letter_bodies, world.clock, world.ports[LetterBook])

    async def bury() -> None:
        for number, (of, hub, reason) in enumerate(
            [
                ("measurement", "events", "Traceback\nKeyError: 'wind\x1b[2J'"),
                ("measurement", "events", "KeyError: 'wind\x1b[2J'"),
                ("measurement", "events", "too large"),
                ("drift", "events", "KeyError: 'rain'"),
                ("drift", "labels", "no label"),
            ]
        ):
            body = encode(envelope(WANTED, id=f"wanted-{number}"))
            await dead.bury(of, Message(hub, 0, number, body), reason)

    async def read(*_: object) -> list[Received]:
        sent = [each for hub, each in world.hubs.log if hub == "dead-letter"]
        return [Received("dead-letter", 0, n, each.time, encode(each)) for n, each in enumerate(sent)]

    asyncio.run(bury())
    monkeypatch.setattr("function_app.operator.letters.reading.read", read)
    return terminal


def listed(terminal: Terminal, *which: str) -> list[int]:
    result = terminal.sluice("dead-letters", "list", *which, "--json")
    assert result.exit_code == 0, result.output
    return [letter["sequence"] for letter in json.loads(result.stdout)]


def test_letters_are_found_by_service_or_lane_by_reason_and_by_time(buried: Terminal) -> None:
    assert listed(buried, "--service", "measurement") == [0, 1, 2]
    assert listed(buried, "--matching", "keyerror") == [0, 1, 3]
    assert listed(buried, "--service", "measurement", "--matching", "KeyError") == [0, 1]
    assert listed(buried, "--since", "2026-03-02T09:00Z") == [0, 1, 2, 3, 4]
    assert listed(buried, "--until", "2026-03-02T09:00Z") == []


def test_a_service_that_is_none_is_exit_code_1_with_the_likely_name(buried: Terminal) -> None:
    result = buried.sluice("dead-letters", "list", "--service", "mesurement")
    assert result.exit_code == 1
    assert "Did you mean measurement?" in " ".join(result.stderr.split())


@pytest.mark.parametrize("width", ["40", "80"])
def test_where_it_is_narrow_no_column_is_lost(buried: Terminal, width: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", width)
    shown = buried.sluice("dead-letters", "list").stdout
    for words in ("time (UTC)", "message", "events/0 #1", "reason", "KeyError: 'wind[2J'"):
        assert words in shown
    assert "\x1b" not in shown


def test_all_that_are_alike_are_redriven_by_one_order_each_and_the_answers_summed_up(buried: Terminal) -> None:
    which = ("dead-letters", "redrive", "--service", "measurement", *REASON, "--wait", "--yes")
    first = buried.sluice(*which)
    assert first.exit_code == 0, first.output
    assert "KeyError: 'wind[2J'" in first.stdout
    assert "3 of 3 are under way again" in first.stdout
    commands: list[Any] = [each.data for each in buried.sent]
    assert [(type(each), each.service) for each in commands] == [(RedriveRequested, "measurement")] * 3
    assert len({each.letter for each in commands}) == 3
    again = buried.sluice(*which)
    assert again.exit_code == 1
    assert "0 of 3 are under way again" in again.stdout
    assert "3 × redrive.refused: petra@example.com had it redriven before" in again.stdout


def test_nothing_is_sent_where_nobody_can_be_asked(buried: Terminal) -> None:
    result = buried.sluice("dead-letters", "redrive", "--all", *REASON)
    assert (result.exit_code, "--yes" in result.stderr) == (2, True)
    assert buried.sent == []


def test_what_came_by_another_hub_is_left_out_and_said(buried: Terminal) -> None:
    result = buried.sluice("dead-letters", "redrive", "--service", "drift", *REASON, "--yes", "--json")
    assert result.exit_code == 0
    assert "1 came by hub labels and are left out" in " ".join(result.stderr.split())
    assert len(buried.sent) == 1
    assert buried.sluice("dead-letters", "redrive", "--matching", "no label", *REASON, "--yes").exit_code == 1


@pytest.mark.parametrize("which", [(), ("1f0c", "--all"), ("--all", "--service", "drift")])
def test_it_must_be_clear_which_are_meant(buried: Terminal, which: tuple[str, ...]) -> None:
    assert buried.sluice("dead-letters", "redrive", *which, *REASON, "--yes").exit_code == 2


def test_one_without_an_answer_is_exit_code_3(buried: Terminal) -> None:
    buried.answers = False
    result = buried.sluice("dead-letters", "redrive", "--all", *REASON, "--yes", "--wait", "--timeout", "0.1")
    assert result.exit_code == 3
    assert "4 have no answer yet" in result.stdout


def test_unknown_names_in_the_ledger_are_exit_code_1(terminal: Terminal) -> None:
    asyncio.run(terminal.happen(WANTED, "wanted"))
    for option, wrong, right in (("--service", "retrainig", "retraining"), ("--entity", "flihgts", "flights")):
        result = terminal.sluice("ledger", "show", option, wrong)
        assert result.exit_code == 1, result.output
        assert f"Did you mean {right}" in " ".join(result.stderr.split())
    silent = terminal.sluice("ledger", "show", "--service", "batch")
    assert (silent.exit_code, "no decision matches" in silent.stderr) == (0, True)
