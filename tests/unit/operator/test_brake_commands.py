"""Operators' commands as people type them: who, why, what; sent to hub `decisions` with the operators' own key."""

import json
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner

from function_app.operator.__main__ import app
from function_app.operator.ordering.orders import envelope_of
from function_app.operator.ordering.places import scope_of
from shared.adapters.signing.commands import Ed25519CommandVerifier
from shared.events import ReactionsPaused, ReactionsResumed, RedriveRequested, decode, encode
from shared.events.command_statement import command_statement
from shared.events.hubs import may_carry
from shared.settings.operator import OperatorSettings
from tests.support.builders import NOW, endpoint_ref, urlsafe
from tests.support.eventhubs import StartEventHubs
from tests.unit.operator.terminal import REASON, WORKSPACES

ENTITY = str(endpoint_ref().entity)
FORCED = (*REASON, "--force")


def call(*arguments: str, **environment: str) -> Any:
    clean = {"SLUICE_LOCAL": None, "SLUICE_STORAGE": "x", **environment}
    return CliRunner().invoke(app, [*arguments], env=clean)


def test_a_scope_is_all_an_endpoints_name_or_an_entity() -> None:
    found = OperatorSettings.model_validate({"workspaces": json.loads(WORKSPACES["WORKSPACES"])})
    assert [scope_of(what, found) for what in ("all", "flights", ENTITY.upper())] == ["all", ENTITY, ENTITY]


@pytest.mark.parametrize("what", ["a|b", "flights"])
def test_a_scope_that_cannot_be_found_is_a_usage_error(what: str) -> None:
    assert call("pause", what, *FORCED).exit_code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("pause", "all", "--operator", "petra"),
        ("redrive", "staging", *FORCED),
        ("redrive", "staging", *FORCED, "--decision", "d"),
        ("redrive", "staging", *FORCED, "--letter", "l", "--decision", "d", "--about", ENTITY),
    ],
)
def test_a_command_without_why_or_what_is_a_usage_error(arguments: tuple[str, ...]) -> None:
    assert call(*arguments).exit_code == 2


def test_without_a_connection_it_says_what_to_set() -> None:
    answer = call("pause", "all", *FORCED)
    assert answer.exit_code == 2
    assert "COMMANDS" in answer.output


def test_the_same_command_at_the_same_moment_is_the_same_event_and_hub_decisions_carries_it() -> None:
    command = ReactionsPaused(scope="all", operator="petra", reason="why")
    first, second = envelope_of(command, NOW), envelope_of(command, NOW)
    assert first.id == second.id != envelope_of(command, NOW + timedelta(seconds=1)).id
    assert decode(encode(first)) == first
    assert may_carry("decisions", command)
    assert not may_carry("events", command)


def test_with_a_key_a_command_is_signed_under_its_own_id() -> None:
    key = Ed25519PrivateKey.generate()
    verifier = Ed25519CommandVerifier(urlsafe(key.public_key().public_bytes_raw()))
    command = ReactionsPaused(scope="all", operator="petra", reason="why")
    sent = envelope_of(command, NOW, urlsafe(key.private_bytes_raw()))
    assert verifier.refusal(command_statement(sent.data, sent.id), sent.data.proof) == ""
    assert envelope_of(command, NOW).data.proof == ""


def test_a_key_that_is_none_is_a_usage_error() -> None:
    answer = call("pause", "all", *FORCED, COMMANDS="x", OPERATOR_SIGNING_KEY="short")
    assert answer.exit_code == 2
    assert "OPERATOR_SIGNING_KEY" in answer.output


def test_commands_reach_the_hub(start_eventhubs: StartEventHubs) -> None:
    server = start_eventhubs({"decisions": 1})
    connection = {"COMMANDS": server.connection_string("decisions")}
    assert call("pause", ENTITY, *FORCED, **connection).exit_code == 0
    assert call("resume", "all", *FORCED, "--json", **connection).exit_code == 0
    redriven = call("redrive", "staging", *FORCED, "--decision", "d", "--about", ENTITY, **connection)
    assert redriven.exit_code == 0, redriven.output
    sent = [type(each) for each in read(server.connection_string("decisions"))]
    assert sent == [ReactionsPaused, ReactionsResumed, RedriveRequested]


def read(connection: str, count: int = 3) -> list[Any]:
    """The first events of the hub, in order of sending."""
    from azure.eventhub import EventHubConsumerClient

    found: list[Any] = []

    def keep(context: object, event: Any) -> None:
        if event is not None:
            found.append(decode(event.body_as_str()).data)
        if len(found) >= count:
            client.close()

    client = EventHubConsumerClient.from_connection_string(connection, "$Default")
    with client:
        client.receive(on_event=keep, starting_position="-1", max_wait_time=8)
    return found
