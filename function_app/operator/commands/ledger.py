"""`sluice ledger show | entry | verify`."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from function_app.operator.connections import AsJson, RunDir, Store, Wide, opened
from function_app.operator.console import clean, clean_lines, output, print_json, say, table, warn
from function_app.operator.ledger.reading import Chain, read_chains
from function_app.operator.ledger.verification import Verdict, verify
from function_app.operator.ledger.views import entry_json, row, short_entity, summary_json
from function_app.operator.ordering.names import check_name, known
from function_app.operator.running import NO, Unknown, run
from shared.events import Entity
from shared.policies import PolicyDocument, Retention
from shared.ports import Progress, Refused
from shared.reactor import is_intact

app = typer.Typer(no_args_is_help=True, help="What was decided, by which policy, and whether anybody changed it.")
_SHORTEST_ID = 4


@app.command(epilog="Examples: sluice ledger show --service drift --last 5 · sluice ledger show --entity flights:3")
def show(
    service: Annotated[str, typer.Option(help="Only decisions of this service.")] = "",
    entity: Annotated[str, typer.Option(help="Only about entities whose name contains this text.")] = "",
    last: Annotated[int, typer.Option(min=1, help="How many decisions, the latest ones.")] = 20,
    archived: Annotated[
        bool, typer.Option("--archived", help="Also what has left the ledger for the archive.")
    ] = False,
    wide: Wide = False,
    as_json: AsJson = False,
    run_dir: RunDir = None,
) -> None:
    """Decisions in the order of time. Effects: ✓ performed, … pending, ✗ refused, ↷ superseded, - skipped."""
    wanted = _filter(service, entity)
    chains = run(_chains(run_dir, wanted, archived=archived))
    _warn_of_unreadable(chains)
    _warn_of_left_out(chains, archived)
    if not chains and (service or entity):
        run(_check_named(run_dir, service, entity))
    found = sorted((p for chain in chains for p in chain.entries), key=lambda p: p.entry.decided_at.timestamp())[-last:]
    if as_json:
        print_json([summary_json(progress) for progress in found])
    elif found:
        whole, folded = {"no_wrap": True}, {"overflow": "fold"}
        long = [(name, folded) for name in ("entity", "event", "effects")]
        columns = [("time (UTC)", whole), ("service", whole), *long, ("policy", whole), ("id", whole)]
        output().print(table(columns, [row(each) for each in found], wide))
    else:
        warn("nothing was decided yet" if not (service or entity) else "no decision matches --service and --entity")


def _filter(service: str, entity: str) -> Callable[[str, Entity], bool]:
    text = entity.lower()
    return lambda name, about: (not service or name == service) and text in f"{about}\n{short_entity(about)}".lower()


async def _chains(run_dir: Path | None, wanted: Callable[[str, Entity], bool], *, archived: bool) -> list[Chain]:
    async with opened(run_dir) as store:
        return await read_chains(store.ledger, wanted, store.archive if archived else None)


async def _check_named(run_dir: Path | None, service: str, entity: str) -> None:
    """Raises `Unknown` for a service that is none, and for an entity that nobody has decided about."""
    async with opened(run_dir) as store:
        names = await known(store)
    if service:
        check_name("service", service, names.services)
    if entity and not any(_filter("", entity)("", each) for each in names.entities):
        check_name("decision about", entity, {each.name for each in names.entities})


def _warn_of_unreadable(chains: Sequence[Chain]) -> None:
    for chain in chains:
        if chain.unreadable:
            where = f"{chain.service} on {short_entity(chain.entity)}, after {len(chain.entries)} entries"
            warn(f"{where}: {chain.unreadable}; see `sluice ledger verify`")


def _warn_of_left_out(chains: Sequence[Chain], archived: bool) -> None:
    if left_out := sum(chain.first for chain in chains):
        where = "are no longer in the archive" if archived else "are in the archive: --archived shows them, too"
        warn(f"{left_out} earlier decisions {where}")


@app.command(epilog="Example: sluice ledger entry 373adb5b-7f4e-5a54-9f0e-0a6b2f6f2d11")
def entry(
    event_id: Annotated[str, typer.Argument(help="Id of the event that was decided about, or its first digits.")],
    as_json: AsJson = False,
    run_dir: RunDir = None,
) -> None:
    """The whole record of what every service decided about one event."""
    chains = run(_chains(run_dir, lambda *_: True, archived=True))
    found = run(_entries(chains, event_id))
    if as_json:
        print_json([entry_json(progress) for progress in found])
        return
    for progress in found:
        _print_entry(progress)


async def _entries(chains: Sequence[Chain], event_id: str) -> list[Progress]:
    if len(event_id) < _SHORTEST_ID:
        raise Unknown(f"{event_id!r} is too short: give at least {_SHORTEST_ID} characters of the id")
    found = [p for chain in chains for p in chain.entries if p.entry.event_id.startswith(event_id)]
    ids = sorted({progress.entry.event_id for progress in found})
    if not ids:
        raise Unknown(f"no service decided about event {event_id}; `sluice ledger show` lists what was decided")
    if len(ids) > 1:
        raise Unknown(f"{event_id} is the beginning of {len(ids)} ids: {', '.join(ids[:5])}")
    return found


def _print_entry(progress: Progress) -> None:
    entry = progress.entry
    whole = "intact" if is_intact(entry) else "CHANGED: its content does not give its hash"
    title = f"{entry.service} on {short_entity(entry.entity)}, position {entry.position}: {whole}"
    say(Text(clean(title), style="bold"))
    for name, value in entry_json(progress).items():
        if isinstance(value, (dict, list)):
            say(Text(f"{name}:", style="cyan"))
            say(Text(clean_lines(json.dumps(value, indent=2, ensure_ascii=False))))
        else:
            say(Text.assemble((f"{name}: ", "cyan"), clean(value)))
    say()


@app.command("verify", epilog="Examples: sluice ledger verify · sluice ledger verify --json | jq .problems")
def verify_ledger(as_json: AsJson = False, run_dir: RunDir = None) -> None:
    """Check every chain, and all of them against the minute seals. Exit code 1 when anything does not hold.

    What was archived is read from there. What is no longer there although the policy in force still keeps it is missed.
    Covered: all of each decision, each chain's head, and what became of effects once a decision or a seal follows.
    Not covered: what came after the last seal, leases, and what waits.
    """
    verdict = run(_verdict(run_dir))
    if as_json:
        print_json({**asdict(verdict), "holds": verdict.holds, "hidden": verdict.hidden})
    else:
        _print_verdict(verdict)
    if not verdict.holds:
        raise typer.Exit(NO)


async def _verdict(run_dir: Path | None) -> Verdict:
    async with opened(run_dir) as store:
        return await verify(store.ledger, store.seals, store.archive, await _lives(store))


async def _lives(store: Store) -> Retention:
    """Those of the policy in force; those that are built in where there is none that can be read."""
    last = await store.policies.last()
    try:
        body = await store.evidence.read(last.digest) if last else b""
        return PolicyDocument.model_validate_json(body).section(Retention)
    except (Refused, ValueError):
        return Retention()


def _print_verdict(verdict: Verdict) -> None:
    for problem in verdict.problems:
        where = f"{problem.service} on {_named(problem.entity)}" if problem.service else "the ledger"
        which = f"position {problem.position}, event {problem.event_id or 'none'}" if problem.service else ""
        say(Text.assemble(("BROKEN ", "bold red"), clean(f"{where}, {which}: {problem.what}".replace(", :", ":"))))
    for broken in verdict.broken_seals:
        say(Text.assemble(("BROKEN SEAL ", "bold red"), clean(broken)))
    archived = f" ({verdict.archived} of them archived)" if verdict.archived else ""
    gone = f", {verdict.gone} more past the archive's life" if verdict.gone else ""
    counted = f"{verdict.entries} entries{archived} in {verdict.chains} chains{gone}, {verdict.seals} seals"
    word = ("holds", "bold green") if verdict.holds else ("does not hold", "bold red")
    say(Text.assemble(f"{counted}: the ledger ", word, "."))
    say(verdict.hidden)


def _named(entity: str) -> str:
    try:
        return short_entity(Entity.parse(entity))
    except ValueError:
        return clean(entity)
