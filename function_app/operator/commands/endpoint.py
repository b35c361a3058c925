"""`sluice endpoint add`."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from function_app.operator.connections import RunDir, settings
from function_app.operator.console import clean, say, warn
from function_app.operator.policy_writing import difference, with_endpoint
from function_app.operator.running import NO, USAGE, Unknown
from services import deciding
from shared.policies.section import Scenario
from shared.reactor import findings_in
from shared.settings.operator import NoSettings

app = typer.Typer(no_args_is_help=True, help="What Sluice serves: endpoints of the policy document.")
EXAMPLE = "Example: sluice endpoint add churn --model churn --scenario classical --like flights"


@app.callback()
def endpoint() -> None:
    pass


@app.command(epilog=EXAMPLE)
def add(
    name: Annotated[str, typer.Argument(help="Of the endpoint, as requests and commands will name it.")],
    model: Annotated[str, typer.Option(help="The registered model that serves it.")],
    scenario: Annotated[Scenario, typer.Option(help="classical, cv or nlp.")] = "classical",
    like: Annotated[str, typer.Option(help="An endpoint whose limits it gets as well.")] = "",
    file: Annotated[Path, typer.Option(help="The policy document.")] = Path("policy.yaml"),
    yes: Annotated[bool, typer.Option("--yes", help="Write without asking.")] = False,
    run_dir: RunDir = None,
) -> None:
    """Write an endpoint into the policy document: shown and checked first, everything else stays as it is."""
    before = _read(file)
    try:
        after = with_endpoint(before, name, model, scenario, like)
        _, findings = findings_in(after, settings(run_dir).workspaces, deciding())
    except Unknown as error:
        raise _failed(f"{file}: {error}", NO) from error
    except NoSettings as error:
        raise _failed(str(error), USAGE) from error
    for line in difference(before, after, str(file)):
        say(clean(line) or " ")
    if findings:
        for each in findings:
            warn(f"{file}:{each}")
        raise _failed("the document would not hold; nothing was written", NO)
    if not yes:
        _ask(file)
    _write(file, before, after)
    say(f"{clean(file)} is written, and holds. It is in force when control has started with it:")
    say(f"here `make down`, then `make up ARGS='--policy {clean(file)}'`; in Azure `infra/azure/deploy.sh`.")
    say("Scoring takes the endpoint without a restart, as soon as a model of it is promoted.")


def _ask(file: Path) -> None:
    if not sys.stdin.isatty():
        raise _failed("nobody can be asked here: --yes writes it; nothing was written", USAGE)
    if not typer.confirm(f"Write this to {file}?"):
        raise _failed("nothing was written", NO)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise _failed(f"{file}: {error.strerror}", USAGE) from error
    except UnicodeDecodeError as error:
        raise _failed(f"{file}: {error}", NO) from error


def _write(file: Path, before: str, after: str) -> None:
    """Whole or not at all, and over nothing that somebody else wrote meanwhile."""
    if _read(file) != before:
        raise _failed(f"{file} was changed meanwhile; nothing was written", NO)
    file = file.resolve()
    draft = file.with_name(f".{file.name}.{os.getpid()}.draft")
    try:
        draft.write_text(after, encoding="utf-8")
        draft.chmod(file.stat().st_mode)
        draft.replace(file)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise _failed(f"{file}: {error.strerror}", USAGE) from error


def _failed(text: str, code: int) -> typer.Exit:
    warn(f"sluice: {text}")
    return typer.Exit(code)
