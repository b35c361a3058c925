"""`sluice rollback ENDPOINT`: put back what served before. An event to hub `decisions`; control does it, or says no."""

import getpass
from typing import Annotated

import typer

from function_app.operator.commands.brakes import Who, Why, scope_of, send
from function_app.operator.connections import AsJson, RunDir, settings
from shared.events import EndpointRef, Entity, RollbackOrdered
from shared.events.brakes import ALL
from shared.settings.operator import OperatorSettings

Where = Annotated[str, typer.Argument(metavar="ENDPOINT", help="Its name, or workspace|endpoint|name.")]


def rollback(endpoint: Where, reason: Why, operator: Who = "", as_json: AsJson = False, run_dir: RunDir = None) -> None:
    """Put back the version that served before the newest one; of a canary, the one that still has a share.

    It is done when every live instance has proved it: sluice events tail --type rollback. No mode of the policy holds
    it, only a pause does. Exit codes: 0 sent, 2 wrong arguments or settings, 3 the hub cannot be reached.
    """
    found = settings(run_dir)
    order = RollbackOrdered(
        endpoint=endpoint_of(endpoint, found), operator=operator or getpass.getuser(), reason=reason
    )
    send(order, found, as_json, obeyed_by="rollback")


def endpoint_of(name: str, found: OperatorSettings) -> EndpointRef:
    """One endpoint, never all of them. Raises `typer.BadParameter`."""
    if name == ALL:
        raise typer.BadParameter("one endpoint at a time")
    entity = Entity.parse(scope_of(name, found))
    try:
        if entity.kind != "endpoint":
            raise ValueError(f"{entity.kind} is not an endpoint")
        return EndpointRef.from_entity(entity)
    except ValueError as error:
        raise typer.BadParameter(f"{name}: workspace|endpoint|name is required") from error
