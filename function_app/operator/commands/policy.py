"""`sluice policy check | show | schema`."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from function_app.operator.connections import AsJson, RunDir, settings
from function_app.operator.console import clean, output, print_json, say, table, warn
from function_app.operator.policy_origins import EffectiveLimit, effective
from function_app.operator.policy_sources import Difference, differing, in_force, kept, named
from function_app.operator.running import NO, USAGE, Unknown, run
from services import deciding
from shared.events.workspaces import Workspace
from shared.policies import PolicyDocument
from shared.policies.finding import Finding
from shared.policies.schema import policy_schema
from shared.ports import Unavailable
from shared.reactor import findings_in
from shared.settings.operator import NoSettings

app = typer.Typer(no_args_is_help=True, help="The limits that everything is decided by.")


@app.command(epilog="Example: sluice policy check policy.yaml")
def check(
    file: Annotated[Path, typer.Argument(help="A policy document in YAML.")],
    as_json: AsJson = False,
    run_dir: RunDir = None,
) -> None:
    """Would Sluice start with this document? Exit code 1 when not, with all that is wrong: line, field, likely name."""
    document, findings = _read(file, run_dir)
    if as_json:
        endpoints = sorted(document.endpoints) if document else []
        digest = document.digest if document and not findings else None
        found = [asdict(each) for each in findings]
        print_json({"valid": not findings, "digest": digest, "endpoints": endpoints, "findings": found})
    if document is None or findings:
        raise _told(file, [] if as_json else findings)
    if as_json:
        return
    say(f"{clean(file)} holds: {len(document.endpoints)} endpoints, digest {document.digest}")
    if not document.inventory:
        say("No workspaces are known here: they come from setting WORKSPACES, and the digest covers them.")


@app.command(epilog="Examples: sluice policy show --endpoint flights · sluice policy show --file policy.yaml")
def show(
    endpoint: Annotated[str, typer.Option(help="Only this endpoint.")] = "",
    file: Annotated[
        Path | None, typer.Option(help="What a file says instead, and where that differs from what is in force.")
    ] = None,
    digest: Annotated[str, typer.Option(help="The document that recorded decisions name by this digest.")] = "",
    as_json: AsJson = False,
    run_dir: RunDir = None,
) -> None:
    """Every limit that is in force for an endpoint, and where it comes from. Exit code 1 for an unknown endpoint."""
    deciding()
    if file:
        document, source = _valid(file, run_dir), str(file)
    else:
        document, source = run(kept(digest, run_dir) if digest else in_force(run_dir))
    limits = {name: effective(document, name) for name in _named(endpoint, document)}
    before = run(_now_in_force(run_dir)) if file else None
    changes = {name: differing(before, document, name) for name in limits} if before else {}
    if as_json:
        found = {name: [asdict(limit) for limit in each] for name, each in limits.items()}
        differences = {name: [asdict(each) for each in rows] for name, rows in changes.items()}
        print_json({"digest": document.digest, "source": source, "endpoints": found, "differences": differences})
        return
    say(f"{clean(source)}, digest {document.digest}")
    for name, each in limits.items():
        _print(document, name, each)
    if before:
        _print_differences(changes)


async def _now_in_force(run_dir: Path | None) -> PolicyDocument | None:
    """None where there is no system to ask: a file can be looked at all the same."""
    try:
        return (await in_force(run_dir))[0]
    except (NoSettings, Unknown, Unavailable) as error:
        warn(f"not compared with what is in force: {error}")
        return None


def _named(endpoint: str, document: PolicyDocument) -> list[str]:
    try:
        return named(endpoint, document)
    except Unknown as error:
        raise _failed(str(error), NO) from error


def _print(document: PolicyDocument, name: str, limits: list[EffectiveLimit]) -> None:
    listed = document.listed(name)
    serves = f"serves model {listed.model}" if listed else "is not listed"
    say()
    say(f"Endpoint {clean(name)} {clean(serves)}")
    _print_rows([(each.path, json.dumps(each.value), each.origin) for each in limits])


# Below this a value and its origin get a line of their own under the whole name.
_WIDE_ENOUGH = 100


def _print_rows(rows: list[tuple[str, str, str]]) -> None:
    """Names are never cut: they are what one copies into a document."""
    if output().width >= _WIDE_ENOUGH:
        output().print(table([("limit", {"no_wrap": True}), "value", "from"], rows))
        return
    for path, value, origin in rows:
        say(f"{clean(path)}")
        say(f"    {clean(value)}  ({clean(origin)})")


def _print_differences(changes: dict[str, list[Difference]]) -> None:
    """As a unified diff, one hunk for each limit."""
    say()
    if not any(changes.values()):
        say("The same limits are in force.")
    for name, rows in changes.items():
        if rows:
            say(f"--- endpoint {clean(name)}, in force")
            say(f"+++ endpoint {clean(name)}, the file")
        for each in rows:
            say(f"@@ {clean(each.path)} @@")
            for sign, side in (("-", each.before), ("+", each.after)):
                if side:
                    say(f"{sign} {clean(json.dumps(side.value))}  ({clean(side.origin)})")


@app.command(epilog="Example: sluice policy schema > policy.schema.json")
def schema() -> None:
    """The JSON Schema of the policy document, for editors and checks."""
    deciding()
    print_json(policy_schema())


def _read(path: Path, run_dir: Path | None) -> tuple[PolicyDocument | None, list[Finding]]:
    """Exactly what control asks of it. Ends the process when there is nothing to read."""
    try:
        return findings_in(path.read_text(), _inventory(run_dir), deciding())
    except NoSettings as error:
        raise _failed(str(error), USAGE) from error
    except OSError as error:
        raise _failed(f"{path}: {error.strerror}", USAGE) from error
    except UnicodeDecodeError as error:
        raise _failed(f"{path}: {error}", NO) from error


def _valid(path: Path, run_dir: Path | None) -> PolicyDocument:
    document, findings = _read(path, run_dir)
    if document is None or findings:
        raise _told(path, findings)
    return document


def _told(path: Path, findings: list[Finding]) -> typer.Exit:
    for each in findings:
        warn(f"{path}:{each}")
    return typer.Exit(NO)


def _inventory(run_dir: Path | None) -> tuple[Workspace, ...]:
    return settings(run_dir).workspaces


def _failed(text: str, code: int) -> typer.Exit:
    warn(f"sluice: {text}")
    return typer.Exit(code)
