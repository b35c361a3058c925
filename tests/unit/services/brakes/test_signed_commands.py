"""A stolen key of the gateway sends to the same hub as operators do: their signature tells them apart."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.brakes.policy import Commanded, CommandKnown, RedriveKnown, decide_pause, decide_redrive
from services.brakes.reactions import gather_command, gather_redrive
from shared.adapters.memory import MemoryLedger, MemoryLetterBook
from shared.adapters.signing.commands import Ed25519CommandSigner, Ed25519CommandVerifier
from shared.events import CommandRefused, ReactionsPaused, ReactionsResumed, RedriveRequested
from shared.events.command_statement import Command, command_statement
from shared.reactor import Publish
from tests.support.builders import endpoint_ref, facts, policy_document, urlsafe

WHO: dict[str, Any] = {"operator": "petra@example.com", "reason": "looking into it"}
KEY = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
OPERATORS = Ed25519CommandSigner(urlsafe(KEY.private_bytes_raw()))
STRANGER = Ed25519CommandSigner(urlsafe(b"g" * 32))
VERIFIER = Ed25519CommandVerifier(urlsafe(KEY.public_key().public_bytes_raw()))
COMMANDS: list[Command] = [
    ReactionsPaused(scope="all", **WHO),
    ReactionsResumed(scope=str(endpoint_ref().entity), **WHO),
    RedriveRequested(service="staging", letter="l-1", **WHO),
]


def signed(command: Command, by: Ed25519CommandSigner = OPERATORS, id: str = "command-1") -> Any:
    return command.model_copy(update={"proof": by.proof(command_statement(command, id))})


async def gathered(command: Any, id: str = "command-1", verifier: Ed25519CommandVerifier = VERIFIER) -> CommandKnown:
    if isinstance(command, RedriveRequested):
        return await gather_redrive(command, id, verifier, MemoryLedger(), MemoryLetterBook())
    return await gather_command(command, id, verifier)


@pytest.mark.parametrize("command", COMMANDS)
async def test_a_signed_command_counts_in_just_these_words_and_under_just_this_id(command: Command) -> None:
    good = signed(command)
    assert (await gathered(good)).forged == ""
    for wrong in (
        command,
        signed(command, by=STRANGER),
        good.model_copy(update={"operator": "omar@example.com"}),
        good.model_copy(update={"reason": "another"}),
        good.model_copy(update={"proof": good.proof + "="}),
        good.model_copy(update={"proof": "garbage"}),
    ):
        assert (await gathered(wrong)).forged
    assert "not the operators" in (await gathered(good, id="replayed")).forged


async def test_a_pause_is_no_resume() -> None:
    paused = signed(ReactionsPaused(scope="all", **WHO))
    resumed = ReactionsResumed(scope="all", **WHO, proof=paused.proof)
    assert (await gathered(resumed)).forged


@pytest.mark.parametrize("command", COMMANDS)
async def test_where_operators_do_not_sign_every_sender_is_believed(command: Command) -> None:
    assert (await gathered(command, verifier=Ed25519CommandVerifier(""))).forged == ""


@pytest.mark.parametrize("command", COMMANDS)
def test_a_forged_command_does_nothing_and_is_said(command: Any) -> None:
    why = "its signature is not the operators'"
    if isinstance(command, RedriveRequested):
        decision = decide_redrive(Commanded(), facts(RedriveKnown(forged=why)), command, policy_document())
    else:
        decision = decide_pause(Commanded(), facts(CommandKnown(forged=why)), command, policy_document())
    about = str(command.entity)
    refused = CommandRefused(command=command.type, about=about, operator="petra@example.com", refusal=why)
    assert decision.state == Commanded()
    assert decision.effects == (Publish(event=refused),)
    assert refused.entity == command.entity
