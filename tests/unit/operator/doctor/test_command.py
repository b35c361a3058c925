"""`sluice doctor` as an operator sees it: words, exit codes, and a repair that asks first."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from function_app.operator.__main__ import app
from shared.ports import HostCheckpoint, Unavailable
from tests.support.builders import NOW
from tests.unit.operator.doctor.patients import Parts


@pytest.fixture
def patient(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> Parts:
    @asynccontextmanager
    async def opened(_: object) -> AsyncIterator[Any]:
        yield parts.patient()

    monkeypatch.setattr("function_app.operator.commands.doctor.patient_at", opened)
    monkeypatch.setenv("COLUMNS", "200")
    return parts


def sluice(*arguments: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(app, ["doctor", *arguments], input=typed)


def break_it(parts: Parts) -> None:
    """One thing that can be mended, one that cannot, and text that would steer a terminal."""
    parts.host.write(HostCheckpoint("events", "lifecycle", 0, 9, NOW, "1"))
    groups = ["tell\x1b[2J", *(group for group in parts.hubs.groups["events"] if group != "measurement")]
    parts.hubs.groups = {**parts.hubs.groups, "events": groups}


def test_all_well_is_a_line_a_check_and_exit_code_0(patient: Parts) -> None:
    result = sluice()
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[-1] == "all well: 16 checks"
    assert [line.split()[0] for line in lines[1:-1]] == ["ok"] * 16


def test_what_is_broken_names_its_repair_and_the_exit_code_is_1(patient: Parts) -> None:
    break_it(patient)
    result = sluice()
    assert result.exit_code == 1
    together = " ".join(result.stdout.split())
    assert "hub events has no consumer group measurement" in together
    assert "sluice doctor checkpoints --fix" in together
    assert "broken: checkpoints, hubs (16 checks)" in together
    assert "\x1b" not in result.stdout


@pytest.mark.parametrize("width", ["40", "80"])
def test_where_it_is_narrow_nothing_is_lost(patient: Parts, width: str, monkeypatch: pytest.MonkeyPatch) -> None:
    break_it(patient)
    monkeypatch.setenv("COLUMNS", width)
    shown = sluice().stdout
    assert max(map(len, shown.splitlines())) <= int(width)
    for word in ("checkpoints", "lifecycle", "events/0", "group", "measurement", "--fix", "infra/azure/deploy.sh"):
        assert word in "".join(shown.split()), word


def test_as_json(patient: Parts) -> None:
    break_it(patient)
    result = sluice("hubs", "checkpoints", "--json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert (found["well"], found["mended"]) == (False, [])
    assert [(each["check"], each["verdict"]) for each in found["checks"]] == [
        ("checkpoints", "broken"),
        ("hubs", "broken"),
    ]
    (finding,) = found["checks"][0]["findings"]
    assert finding["fix"].startswith("forget the host's checkpoint of lifecycle in events/0")
    assert found["checks"][0]["tried"]


def test_only_the_checks_that_are_named_and_no_others(patient: Parts) -> None:
    break_it(patient)
    assert sluice("storage", "policy").exit_code == 0
    unknown = sluice("hub")
    assert unknown.exit_code == 1
    assert "Did you mean hubs?" in " ".join(unknown.stderr.split())


def test_without_anybody_to_ask_a_repair_needs_yes(patient: Parts) -> None:
    break_it(patient)
    for options in (("--fix",), ("--fix", "--json")):
        result = sluice(*options)
        assert result.exit_code == 2
        assert "--yes" in result.stderr


def test_a_repair_is_shown_done_and_looked_at_once_more(patient: Parts) -> None:
    patient.host.write(HostCheckpoint("events", "lifecycle", 0, 9, NOW, "1"))
    result = sluice("--fix", "--yes")
    assert result.exit_code == 0, result.output
    shown = " ".join(result.stdout.split())
    before, after = shown.split("afterwards:")
    assert "to be done: 1. forget the host's checkpoint of lifecycle in events/0" in before
    assert "done: forget" in before
    assert after.endswith("all well: 16 checks")


@pytest.mark.parametrize(("typed", "left"), [("n\n", 1), ("y\n", 0)])
def test_on_a_terminal_it_asks(patient: Parts, typed: str, left: int, monkeypatch: pytest.MonkeyPatch) -> None:
    patient.host.write(HostCheckpoint("events", "lifecycle", 0, 9, NOW, "1"))
    monkeypatch.setattr("function_app.operator.commands.doctor.on_a_terminal", lambda: True)
    result = sluice("checkpoints", "--fix", typed=typed)
    assert result.exit_code == left
    assert "Do it?" in result.output
    assert len(asyncio.run(patient.host.of("events"))) == left


def test_a_repair_that_could_not_be_made_is_no_success(patient: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(_: object) -> None:
        raise Unavailable("403 AuthorizationFailure")

    patient.host.write(HostCheckpoint("events", "lifecycle", 0, 9, NOW, "1"))
    monkeypatch.setattr(patient.host, "forget", away)
    result = sluice("checkpoints", "--fix", "--yes")
    assert result.exit_code == 1
    assert "not done: 403 AuthorizationFailure" in " ".join(result.stdout.split())


@pytest.mark.parametrize("option", ["--settings", "--functions"])
def test_an_option_without_sense_is_refused(option: str) -> None:
    result = sluice(option, "control.json")
    assert result.exit_code == 2
    assert f"{option} control.json: app=file is required" in " ".join(result.stderr.split())
