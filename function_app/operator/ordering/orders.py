"""Commands as events on hub `decisions`, named with their operator and signed. Control obeys, or says no.

Each is one event whose id derives from what is asked and when: sending it again because the answer was lost is safe.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import typer
from pydantic import ValidationError

from shared.adapters.azure.event_hubs.publisher import EventHubPublisher
from shared.adapters.signing.commands import Ed25519CommandSigner
from shared.events import Envelope, derive_id
from shared.events.command_statement import Command, command_statement
from shared.settings.operator import OperatorSettings

SOURCE = "/sluice/operator"
_UNDECODABLE = "these bytes are no text in UTF-8; is the terminal's encoding another one?"


@dataclass(frozen=True, slots=True)
class Order:
    """A command as it is sent; the ledger of `service` has the answer.

    `ends` are types of events: where there are any, the answer is the first of them, not what control says at once.
    """

    envelope: Envelope[Command]
    service: str
    ends: tuple[str, ...] = ()

    @property
    def command(self) -> Command:
        return self.envelope.data


def stated[C: Command](kind: type[C], **said: Any) -> C:
    """The command in the words that were given. Raises `typer.BadParameter` naming the first that no event may hold."""
    try:
        return kind(**said)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        name = ".".join(str(part) for part in first["loc"]) or "the command"
        undecodable = first["type"] == "string_unicode"
        raise typer.BadParameter(f"{name}: {_UNDECODABLE if undecodable else first['msg']}") from error


def order(command: Command, found: OperatorSettings, service: str = "brakes", ends: tuple[str, ...] = ()) -> Order:
    """Raises `typer.BadParameter` when what it is to be signed with is no key."""
    return Order(envelope_of(command, datetime.now(UTC), found.signing_key()), service, ends)


def envelope_of(command: Command, now: datetime, signing_key: str = "") -> Envelope[Command]:
    """Signed, where there is a key; raises `typer.BadParameter` when it is none."""
    identity = derive_id(SOURCE, command.type, str(command.entity), command.operator, now.isoformat())
    if signing_key:
        command = command.model_copy(update={"proof": _signed(command_statement(command, identity), signing_key)})
    return Envelope.first(command, id=identity, source=SOURCE, time=now)


def _signed(statement: bytes, key: str) -> str:
    try:
        return Ed25519CommandSigner(key).proof(statement)
    except ValueError as error:
        raise typer.BadParameter(f"OPERATOR_SIGNING_KEY: {error}") from error


async def publish(orders: Sequence[Order], found: OperatorSettings) -> None:
    """Raises `NoSettings`, `Refused` or `Unavailable`."""
    publisher = EventHubPublisher({"decisions": found.commands_to()})
    try:
        await publisher.publish("decisions", [each.envelope for each in orders])
    finally:
        await publisher.close()
