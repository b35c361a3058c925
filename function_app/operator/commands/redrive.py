"""`sluice redrive SERVICE`: a decision that was held, refused or not seen through, or a dead letter, once more."""

from dataclasses import asdict, dataclass, replace
from typing import Annotated

import typer

from function_app.operator.connections import AsJson, RunDir, Store, settings
from function_app.operator.ledger.reading import read_chains
from function_app.operator.ordering.names import check_name, known
from function_app.operator.ordering.orders import order, stated
from function_app.operator.ordering.sending import EXITS, Force, Wait, Way, Who, Why, Within, give, look, who
from function_app.operator.running import Unknown
from shared.events import Entity, RedriveRequested
from shared.ports import Absent, Entry

EXAMPLE = (
    "Examples: sluice redrive promotion --decision 373adb5b -r 'the instances answer again' · "
    "sluice redrive staging --letter 1f0c2a77-... -r fixed · many dead letters at once: sluice dead-letters redrive. "
    f"{EXITS}"
)
Service = Annotated[str, typer.Argument(help="Who decided, or could not handle the message: a service, or a lane.")]
Decision = Annotated[str, typer.Option(help="Id of the event it decided on, or its first digits.")]
About = Annotated[str, typer.Option(help="The entity it decided about: workspace|kind|name; needed with --force only.")]
Letter = Annotated[str, typer.Option(help="Id of a dead letter instead.")]
_WHICH = "give --decision, with --force also --about workspace|kind|name; or --letter"
_SHORTEST_ID = 4


def redrive(
    service: Service, reason: Why, decision: Decision = "", about: About = "", letter: Letter = "",
    operator: Who = "", force: Force = False, wait: Wait = None, timeout: Within = 60,
    as_json: AsJson = False, run_dir: RunDir = None,
) -> None:  # fmt: skip
    """Have something done again, once, under its own id: a held decision, one not seen through, or a dead letter."""
    way = Way(run_dir, force, wait, timeout, as_json)
    if bool(decision) == bool(letter) or (decision and force and not about):
        raise typer.BadParameter(_WHICH)
    wanted = Wanted(service, decision, _written_out(about), letter)
    found = wanted if force else look(way, lambda store: looked_up(store, wanted))
    command = stated(RedriveRequested, **asdict(found), operator=who(operator), reason=reason)
    give(order(command, settings(run_dir)), way)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Either a decision about an entity, or a dead letter."""

    service: str
    decision: str = ""
    about: str = ""
    letter: str = ""


async def looked_up(store: Store, wanted: Wanted) -> Wanted:
    """With its whole ids and its entity. Raises `Unknown` when there is no such thing, or `Unavailable`."""
    return await (_letter(store, wanted) if wanted.letter else _decision(store, wanted))


async def _letter(store: Store, wanted: Wanted) -> Wanted:
    try:
        kept = await store.letters.get(wanted.letter)
    except Absent as error:
        raise Unknown(f"no dead letter {wanted.letter}; see `sluice dead-letters list`") from error
    if kept.service != wanted.service:
        raise Unknown(f"dead letter {wanted.letter} is of {kept.service}, not of {wanted.service}")
    return wanted


async def _decision(store: Store, wanted: Wanted) -> Wanted:
    names = await known(store)
    check_name("service", wanted.service, {service for service, _ in names.chains})
    about = Entity.parse(wanted.about) if wanted.about else None
    chains = await read_chains(
        store.ledger, lambda service, entity: service == wanted.service and about in (None, entity)
    )
    entries = [progress.entry for chain in chains for progress in chain.entries]
    found = [entry for entry in entries if _is_it(entry, wanted.decision)]
    if len(found) != 1:
        what = "has decided about no event" if not found else f"has decided about {len(found)} events"
        raise Unknown(f"{wanted.service} {what} {wanted.decision}; see `sluice ledger show --service {wanted.service}`")
    return replace(wanted, decision=found[0].event_id, about=str(found[0].entity))


def _is_it(entry: Entry, decision: str) -> bool:
    return entry.event_id == decision or (len(decision) >= _SHORTEST_ID and entry.event_id.startswith(decision))


def _written_out(about: str) -> str:
    try:
        return str(Entity.parse(about)) if about else ""
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
