"""Operators' commands as people type them: who, why, what; sent to hub `decisions` with the operators' own key."""

from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner

brakes = pytest.importorskip("function_app.operator.commands.brakes")

from shared.adapters.signing.commands import Ed25519CommandVerifier  # noqa: E402
from shared.events import ReactionsPaused, ReactionsResumed, RedriveRequested, decode, encode  # noqa: E402
from shared.events.command_statement import command_statement  # noqa: E402
from shared.events.hubs import may_carry  # noqa: E402
from shared.settings.operator import OperatorSettings  # noqa: E402
from tests.support.builders import NOW, endpoint_ref, urlsafe  # noqa: E402
from tests.support.eventhubs import StartEventHubs  # noqa: E402

ENTITY = str(endpoint_ref().entity)
WHO = ["--operator", "petra@example.com", "--reason", "looking into it"]
WORKSPACE = {
    "azure_ml_subscription": "0000",
    "azure_ml_resource_group": "ml",
    "azure_ml_development_workspace": "development",
    "azure_ml_staging_workspace": "staging",
    "azure_ml_production_workspace": "production",
}


def call(*arguments: str, **environment: str) -> Any:
    clean = {"SLUICE_LOCAL": None, "SLUICE_STORAGE": "x", **environment}
    return CliRunner().invoke(brakes.app, [*arguments], env=clean)


def test_a_scope_is_all_an_endpoints_name_or_an_entity() -> None:
    found = OperatorSettings.model_validate(WORKSPACE)
    assert [brakes.scope_of(what, found) for what in ("all", "flights", ENTITY.upper())] == ["all", ENTITY, ENTITY]


@pytest.mark.parametrize("what", ["a|b", "flights"])
def test_a_scope_that_cannot_be_found_is_a_usage_error(what: str) -> None:
    assert call("pause", what, *WHO).exit_code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("pause", "all", "--operator", "petra"),
        ("redrive", "staging", *WHO),
        ("redrive", "staging", *WHO, "--decision", "d"),
        ("redrive", "staging", *WHO, "--letter", "l", "--decision", "d", "--about", ENTITY),
    ],
)
def test_a_command_without_why_or_what_is_a_usage_error(arguments: tuple[str, ...]) -> None:
    assert call(*arguments).exit_code == 2


def test_without_a_connection_it_says_what_to_set() -> None:
    answer = call("pause", "all", *WHO)
    assert answer.exit_code == 2
    assert "COMMANDS" in answer.output


def test_the_same_command_at_the_same_moment_is_the_same_event_and_hub_decisions_carries_it() -> None:
    command = ReactionsPaused(scope="all", operator="petra", reason="why")
    first, second = brakes.envelope_of(command, NOW), brakes.envelope_of(command, NOW)
    assert first.id == second.id != brakes.envelope_of(command, NOW + timedelta(seconds=1)).id
    assert decode(encode(first)) == first
    assert may_carry("decisions", command)
    assert not may_carry("events", command)


def test_with_a_key_a_command_is_signed_under_its_own_id() -> None:
    key = Ed25519PrivateKey.generate()
    verifier = Ed25519CommandVerifier(urlsafe(key.public_key().public_bytes_raw()))
    command = ReactionsPaused(scope="all", operator="petra", reason="why")
    sent = brakes.envelope_of(command, NOW, urlsafe(key.private_bytes_raw()))
    assert verifier.refusal(command_statement(sent.data, sent.id), sent.data.proof) == ""
    assert brakes.envelope_of(command, NOW).data.proof == ""


def test_a_key_that_is_none_is_a_usage_error() -> None:
    answer = call("pause", "all", *WHO, COMMANDS="x", OPERATOR_SIGNING_KEY="short")
    assert answer.exit_code == 2
    assert "OPERATOR_SIGNING_KEY" in answer.output


def test_commands_reach_the_hub(start_eventhubs: StartEventHubs) -> None:
    server = start_eventhubs({"decisions": 1})
    connection = {"COMMANDS": server.connection_string("decisions")}
    assert call("pause", ENTITY, *WHO, **connection).exit_code == 0
    assert call("resume", "all", *WHO, "--json", **connection).exit_code == 0
    redriven = call("redrive", "staging", *WHO, "--decision", "d", "--about", ENTITY, **connection)
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
