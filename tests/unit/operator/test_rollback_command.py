"""`sluice rollback`: one endpoint, who and why, as an event on hub `decisions` (F12)."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from function_app.operator.__main__ import app
from shared.events import RollbackOrdered
from tests.support.builders import endpoint_ref
from tests.support.eventhubs import StartEventHubs
from tests.unit.operator.terminal import WORKSPACES
from tests.unit.operator.test_brake_commands import FORCED, read

ENTITY = str(endpoint_ref().entity)


def call(*arguments: str, **environment: str) -> Any:
    clean = {"SLUICE_LOCAL": None, "SLUICE_STORAGE": "x", **environment}
    return CliRunner().invoke(app, ["rollback", *arguments], env=clean)


@pytest.mark.parametrize(
    "arguments",
    [
        ("flights",),
        ("all", *FORCED),
        ("flights", *FORCED),
        (ENTITY.replace("|endpoint|", "|model|"), *FORCED),
        ("a|endpoint|b", *FORCED),
    ],
    ids=["no reason", "all", "no workspace known", "a model", "no workspace"],
)
def test_what_names_no_single_endpoint_or_no_reason_is_a_usage_error(arguments: tuple[str, ...]) -> None:
    assert call(*arguments).exit_code == 2


def test_help_says_what_holds_it_and_how_it_ends() -> None:
    answer = call("--help")
    assert answer.exit_code == 0
    for words in (
        "every live instance has proved it",
        "only a pause",
        "Exit codes",
        "Example: sluice rollback flights",
    ):
        assert words in " ".join(answer.stdout.replace("│", " ").split()), answer.stdout


def test_an_order_reaches_the_hub_in_its_operators_name(start_eventhubs: StartEventHubs) -> None:
    server = start_eventhubs({"decisions": 1})
    environment = {**WORKSPACES, "COMMANDS": server.connection_string("decisions")}
    plain = call("flights", *FORCED, **environment)
    assert plain.exit_code == 0, plain.output
    assert "the ledger of service rollback has the answer" in " ".join(plain.stdout.split())
    shown = call(ENTITY, *FORCED, "--json", **environment)
    assert json.loads(shown.stdout)["type"] == RollbackOrdered.type
    sent = read(server.connection_string("decisions"), 2)
    assert [(each.endpoint, each.operator) for each in sent] == [(endpoint_ref(), "petra@example.com")] * 2
