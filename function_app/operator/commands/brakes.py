"""`sluice pause | resume | redrive`: commands to hub `decisions`, named with their operator. Control obeys, or says no.

Each is one event whose id derives from what is asked and when: sending it again because the answer was lost is safe.
"""

import getpass
from datetime import UTC, datetime
from typing import Annotated

import typer

from function_app.operator.connections import AsJson, RunDir, settings
from function_app.operator.console import print_json, say
from function_app.operator.running import run
from shared.adapters.azure.event_hubs.publisher import EventHubPublisher
from shared.adapters.signing.commands import Ed25519CommandSigner
from shared.events import EndpointRef, Entity, Envelope, ReactionsPaused, ReactionsResumed, RedriveRequested, derive_id
from shared.events.brakes import ALL
from shared.events.command_statement import Command, command_statement
from shared.settings.operator import OperatorSettings

SOURCE = "/sluice/operator"
app = typer.Typer(help="Stop reactions, let them go on, have something done again.")

What = Annotated[str, typer.Argument(help="all, an endpoint's name, or an entity: workspace|kind|name.")]
Why = Annotated[str, typer.Option("--reason", "-r", help="Why, in words: kept with the command, and told to people.")]
Who = Annotated[
    str, typer.Option("--operator", envvar="SLUICE_OPERATOR", help="Who you are. Without it: the name of your account.")
]


@app.command(epilog="Example: sluice pause flights --reason 'latency is being looked into'")
def pause(what: What, reason: Why, operator: Who = "", as_json: AsJson = False, run_dir: RunDir = None) -> None:
    """Stop reactions about something: they are decided and recorded from now on, but nothing is done."""
    found = settings(run_dir)
    command = ReactionsPaused(scope=scope_of(what, found), operator=operator or getpass.getuser(), reason=reason)
    send(command, found, as_json)


@app.command(epilog="Example: sluice resume all --reason 'it was the network'")
def resume(what: What, reason: Why, operator: Who = "", as_json: AsJson = False, run_dir: RunDir = None) -> None:
    """Let reactions go on. What was held meanwhile stays held, until it is redriven."""
    found = settings(run_dir)
    command = ReactionsResumed(scope=scope_of(what, found), operator=operator or getpass.getuser(), reason=reason)
    send(command, found, as_json)


@app.command(epilog="Example: sluice redrive promotion --decision 373adb5b... --about '...|endpoint|flights' -r fixed")
def redrive(
    service: Annotated[str, typer.Argument(help="The service that decided, or that could not handle the message.")],
    reason: Why,
    decision: Annotated[str, typer.Option(help="Id of the event it decided on; with --about.")] = "",
    about: Annotated[str, typer.Option(help="The entity it decided about: workspace|kind|name.")] = "",
    letter: Annotated[str, typer.Option(help="Id of a dead letter instead.")] = "",
    operator: Who = "",
    as_json: AsJson = False,
    run_dir: RunDir = None,
) -> None:
    """Have something done again, once, under its own id: a held decision, one not seen through, or a dead letter."""
    try:
        command = RedriveRequested(
            service=service, about=about, decision=decision, letter=letter,
            operator=operator or getpass.getuser(), reason=reason,
        )  # fmt: skip
    except ValueError as error:
        raise typer.BadParameter("give --decision with --about workspace|kind|name, or --letter") from error
    send(command, settings(run_dir), as_json)


def scope_of(what: str, found: OperatorSettings) -> str:
    """`all`, the entity that was written out, or the endpoint of that name. Raises `typer.BadParameter`."""
    if what == ALL:
        return ALL
    if "|" in what:
        try:
            return str(Entity.parse(what))
        except ValueError as error:
            raise typer.BadParameter(str(error)) from error
    production = found.workspaces().get("production")
    if production is None:
        raise typer.BadParameter("AZURE_ML_* is not set, so the endpoint must be written out: workspace|endpoint|name")
    return str(EndpointRef(workspace=production, name=what).entity)


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


def send(command: Command, found: OperatorSettings, as_json: bool, obeyed_by: str = "brakes") -> None:
    """To hub `decisions`; `obeyed_by` is the service whose ledger will have the answer."""
    envelope = envelope_of(command, datetime.now(UTC), found.signing_key())
    run(_publish(envelope, found))
    if as_json:
        print_json({"id": envelope.id, "type": command.type, **command.model_dump(mode="json")})
    else:
        answer = f"the ledger of service {obeyed_by} has the answer"
        say(f"sent: {command.type} by {command.operator} ({envelope.id}); {answer}")


async def _publish(envelope: Envelope[Command], found: OperatorSettings) -> None:
    publisher = EventHubPublisher({"decisions": found.commands_to()})
    try:
        await publisher.publish("decisions", [envelope])
    finally:
        await publisher.close()
