"""`sluice policy check | show | schema`."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from function_app.operator.connections import AsJson, RunDir, opened, settings
from function_app.operator.console import clean, output, print_json, say, table, warn
from function_app.operator.policy_origins import EffectiveLimit, effective
from function_app.operator.running import NO, USAGE, Unknown, run
from services import limits as service_limits
from shared.events.workspaces import Workspace
from shared.policies import InvalidPolicy, PolicyDocument
from shared.policies.schema import policy_schema
from shared.ports import Absent
from shared.settings.operator import NoSettings

app = typer.Typer(no_args_is_help=True, help="The limits that everything is decided by.")


@app.command(epilog="Example: sluice policy check policy.yaml")
def check(
    file: Annotated[Path, typer.Argument(help="A policy document in YAML.")],
    as_json: AsJson = False,
    run_dir: RunDir = None,
) -> None:
    """Is this document one that Sluice would start with? Exit code 1 when not, naming the field."""
    document = _read(file, run_dir)
    if as_json:
        endpoints = sorted(document.endpoints)
        print_json({"valid": True, "digest": document.digest, "endpoints": endpoints})
        return
    say(f"{clean(file)} holds: {len(document.endpoints)} endpoints, digest {document.digest}")
    if not document.inventory:
        say("It names no workspaces: they come from the settings AZURE_ML_*, and the digest covers them.")


@app.command(epilog="Examples: sluice policy show --endpoint flights · sluice policy show --digest 1f0c...")
def show(
    endpoint: Annotated[str, typer.Option(help="Only this endpoint; one that is not listed has the defaults.")] = "",
    policy: Annotated[Path, typer.Option(envvar="POLICY_FILE", help="The policy document.")] = Path("policy.yaml"),
    digest: Annotated[str, typer.Option(help="Instead of a file: the document that decisions name by this.")] = "",
    as_json: AsJson = False,
    run_dir: RunDir = None,
) -> None:
    """Every limit that holds for an endpoint, and where it comes from."""
    document = run(_kept(digest, run_dir)) if digest else _read(policy, run_dir)
    names = [endpoint] if endpoint else sorted(document.endpoints)
    service_limits()
    limits = {name: effective(document, name) for name in names}
    if as_json:
        found = {name: [asdict(limit) for limit in each] for name, each in limits.items()}
        print_json({"digest": document.digest, "endpoints": found})
        return
    say(f"{'evidence' if digest else clean(policy)}, digest {document.digest}")
    for name, each in limits.items():
        _print(document, name, each)


def _print(document: PolicyDocument, name: str, limits: list[EffectiveLimit]) -> None:
    listed = document.listed(name)
    serves = f"serves model {listed.model}" if listed else "is not listed, so it has the classical defaults"
    say()
    say(f"Endpoint {clean(name)} {clean(serves)}")
    output().print(
        table(["limit", "value", "from"], [(each.path, json.dumps(each.value), each.origin) for each in limits])
    )


@app.command(epilog="Example: sluice policy schema > policy.schema.json")
def schema() -> None:
    """The JSON Schema of the policy document, for editors and checks."""
    service_limits()
    print_json(policy_schema())


def _read(path: Path, run_dir: Path | None) -> PolicyDocument:
    """Ends the process with a sentence that names file and field."""
    service_limits()
    try:
        document = PolicyDocument.from_yaml(path.read_text(), _workspaces(run_dir))
    except NoSettings as error:
        raise _failed(str(error), USAGE) from error
    except OSError as error:
        raise _failed(f"{path}: {error.strerror}", USAGE) from error
    except (InvalidPolicy, UnicodeDecodeError) as error:
        raise _failed(f"{path}: {error}", NO) from error
    return document


async def _kept(digest: str, run_dir: Path | None) -> PolicyDocument:
    """As control kept it, workspaces included; checked against the digest."""
    async with opened(run_dir) as store:
        try:
            return PolicyDocument.model_validate_json(await store.evidence.read(digest.strip().lower()))
        except (Absent, ValidationError) as error:
            raise Unknown(f"no policy document is kept under {digest}; `sluice ledger entry` shows digests") from error


def _workspaces(run_dir: Path | None) -> tuple[Workspace, ...]:
    return Workspace.by_stage(settings(run_dir).workspaces())


def _failed(text: str, code: int) -> typer.Exit:
    warn(f"sluice: {text}")
    return typer.Exit(code)
