"""What a command is about, from what people type: `all`, the name of an endpoint, or an entity written out."""

import typer

from function_app.operator.connections import Store, settings
from function_app.operator.console import clean
from function_app.operator.ordering.names import Names, check_name, check_scope, known
from function_app.operator.ordering.sending import Way, look
from shared.events import EndpointRef, Entity
from shared.events.brakes import ALL
from shared.settings.operator import OperatorSettings


def scope(what: str, way: Way) -> str:
    """Looked up, unless it is forced. Raises `typer.BadParameter`; ends the process when there is no such thing."""
    found = settings(way.run_dir)
    if what == ALL or way.force:
        return scope_of(what, found)
    if "|" in what:
        _entity(what)

    async def checked(store: Store) -> str:
        names = await known(store)
        if "|" not in what:
            check_name("endpoint", what, names.endpoints)
        about = scope_of(what, found, names)
        check_scope(about, names)
        return about

    return look(way, checked)


def endpoint(what: str, way: Way) -> EndpointRef:
    """One endpoint, never all of them. As `scope`."""
    if what == ALL:
        raise typer.BadParameter("one endpoint at a time")
    if "|" in what and _entity(what).kind != "endpoint":
        raise typer.BadParameter(f"{what}: workspace|endpoint|name is required")
    try:
        return EndpointRef.from_entity(Entity.parse(scope(what, way)))
    except ValueError as error:
        raise typer.BadParameter(f"{what}: workspace|endpoint|name is required") from error


def scope_of(what: str, found: OperatorSettings, names: Names | None = None) -> str:
    """`all`, the entity that was written out, or the endpoint of that name. Raises `typer.BadParameter`."""
    if what == ALL:
        return ALL
    if "|" in what:
        return str(_entity(what))
    places = (
        {each for each in names.entities if (each.kind, each.name) == ("endpoint", what.lower())} if names else set()
    )
    if len(places) == 1:
        return str(places.pop())
    production = found.serving_workspace()
    if not production:
        why = "several workspaces have one" if places else "WORKSPACES names no workspace, or several, of production"
        raise typer.BadParameter(f"{why}, so the endpoint must be written out: workspace|endpoint|name")
    try:
        return str(EndpointRef(workspace=production, name=what).entity)
    except ValueError as error:
        raise typer.BadParameter(f"{clean(what)}: no endpoint can have this name") from error


def _entity(what: str) -> Entity:
    try:
        return Entity.parse(what)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
