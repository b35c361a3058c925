"""`pause`, `resume`, `redrive`, `rollback`: names are looked up, the answer is waited for, and it is the exit code."""

import asyncio
import json

import pytest

from shared.events import ReactionsPaused, RetrainingRequested, RollbackOrdered
from tests.support.builders import NOW, endpoint_ref
from tests.unit.operator.terminal import REASON, Terminal

ENTITY = str(endpoint_ref().entity)
WANTED = RetrainingRequested(endpoint=endpoint_ref(), model_name="flights", data_until=NOW, reason="drift")


@pytest.mark.parametrize("command", ["pause", "resume", "rollback"])
@pytest.mark.parametrize("name", ["flihgts", ENTITY.replace("|flights", "|flihgts")], ids=["by name", "written out"])
def test_a_name_that_is_not_there_is_not_sent_and_the_likely_one_is_said(
    terminal: Terminal, command: str, name: str
) -> None:
    result = terminal.sluice(command, name, *REASON)
    said = " ".join(result.stderr.split())
    assert result.exit_code == 1
    assert "no endpoint flihgts; there is flights. Did you mean flights?" in said
    assert "nothing was sent; --force sends it anyway" in said
    assert terminal.sent == []


def test_an_entity_of_another_kind_must_have_been_decided_about(terminal: Terminal) -> None:
    asyncio.run(terminal.happen(WANTED, "wanted"))
    missing = ENTITY.replace("|endpoint|flights", "|model|nosuch:1")
    assert terminal.sluice("pause", missing, *REASON).exit_code == 1
    assert terminal.sent == []
    elsewhere = terminal.sluice("rollback", ENTITY.replace("production", "prodcution"), *REASON, "--no-wait")
    assert elsewhere.exit_code == 0, "the policy lists the endpoint, whatever its workspace is called"


def test_forced_it_is_sent_without_a_look(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SLUICE_STORAGE")
    assert terminal.sluice("pause", "nosuch", *REASON, "--force").exit_code == 0
    assert [type(each.data) for each in terminal.sent] == [ReactionsPaused]


def test_a_pause_that_is_waited_for_is_engaged_when_the_command_ends(terminal: Terminal) -> None:
    result = terminal.sluice("pause", "flights", *REASON, "--wait")
    assert (result.exit_code, result.stdout.split(":")[0]) == (0, "paused"), result.output
    (brake,) = asyncio.run(terminal.world.brakes.engaged())
    assert (brake.scope, brake.operator) == (ENTITY, "petra@example.com")
    assert terminal.sluice("resume", "FLIGHTS", *REASON, "--wait").exit_code == 0
    assert asyncio.run(terminal.world.brakes.engaged()) == []


def test_away_from_a_terminal_nothing_is_waited_for(terminal: Terminal) -> None:
    terminal.answers = False
    result = terminal.sluice("pause", "all", *REASON)
    assert result.exit_code == 0
    assert f"sluice ledger entry {terminal.sent[0].id}" in " ".join(result.stdout.split())


def test_an_answer_that_does_not_come_in_time_is_exit_code_3_and_says_what_was_sent(terminal: Terminal) -> None:
    terminal.answers = False
    result = terminal.sluice("pause", "all", *REASON, "--wait", "--timeout", "0.1")
    assert result.exit_code == 3
    said = " ".join(result.stderr.split())
    assert "no answer within 0.1 s: is control running?" in said
    assert f"sluice ledger entry {terminal.sent[0].id}" in said


def test_ctrl_c_says_that_the_command_was_sent(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    async def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("function_app.operator.ordering.sending.answer", interrupted)
    result = terminal.sluice("pause", "all", *REASON, "--wait")
    said = " ".join(result.stderr.split())
    assert result.exit_code == 130
    assert f"interrupted: mlops.reactions.paused was sent by petra@example.com ({terminal.sent[0].id})" in said
    assert "control will still do it" in said


def test_a_refusal_is_exit_code_1_in_controls_words(terminal: Terminal) -> None:
    result = terminal.sluice("rollback", "flights", *REASON, "--wait", "--json")
    answer = json.loads(result.stdout)["answer"]
    assert result.exit_code == 1
    assert (answer["good"], answer["event"]) == (False, "mlops.rollback.failed")
    assert "nothing serves" in answer["text"]
    assert [type(each.data) for each in terminal.sent] == [RollbackOrdered]


def test_a_decision_is_redriven_by_the_beginning_of_its_id_once(terminal: Terminal) -> None:
    assert terminal.sluice("pause", "all", *REASON, "--wait").exit_code == 0
    asyncio.run(terminal.happen(WANTED, "wanted-1"))
    assert terminal.sluice("resume", "all", *REASON, "--wait").exit_code == 0
    for wrong, words in (("nosuch", "has decided about no event nosuch"), ("wan", "has decided about no event wan")):
        result = terminal.sluice("redrive", "retraining", "--decision", wrong, *REASON, "--wait")
        assert (result.exit_code, words in " ".join(result.stderr.split())) == (1, True), result.output
    misspelt = terminal.sluice("redrive", "retrainig", "--decision", "wanted-1", *REASON)
    assert (misspelt.exit_code, "Did you mean retraining?" in " ".join(misspelt.stderr.split())) == (1, True), (
        misspelt.output
    )
    first = terminal.sluice("redrive", "retraining", "--decision", "want", *REASON, "--wait")
    assert (first.exit_code, "wanted-1 of retraining is under way again" in first.stdout) == (0, True), first.output
    again = terminal.sluice("redrive", "retraining", "--decision", "want", *REASON, "--wait")
    assert again.exit_code == 1
    assert "petra@example.com had it redriven before" in " ".join(again.stdout.split())
    assert len(terminal.world.jobs.asked) == 1


def test_a_dead_letter_that_is_not_in_the_book_is_not_sent(terminal: Terminal) -> None:
    result = terminal.sluice("redrive", "staging", "--letter", "nosuch", *REASON)
    assert (result.exit_code, "no dead letter nosuch" in result.stderr) == (1, True)
    assert terminal.sent == []


def test_what_is_paused_is_listed(terminal: Terminal) -> None:
    assert terminal.sluice("brakes", "list").stdout == "nothing is paused\n"
    terminal.sluice("pause", "flights", *REASON)
    shown = terminal.sluice("brakes", "list").stdout
    assert "endpoint flights" in shown
    assert "looking into it" in shown
    (brake,) = json.loads(terminal.sluice("brakes", "list", "--json").stdout)
    assert (brake["scope"], brake["operator"]) == (ENTITY, "petra@example.com")


@pytest.mark.parametrize("command", ["pause", "resume", "rollback", "redrive"])
def test_help_says_how_it_ends(terminal: Terminal, command: str) -> None:
    shown = " ".join(terminal.sluice(command, "--help").stdout.replace("│", " ").split())
    for words in ("Exit codes: 0 done", "1 control says no", "3 not reached or no answer in time", "Example", "--wait"):
        assert words in shown
