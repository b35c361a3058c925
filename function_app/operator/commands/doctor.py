"""`sluice doctor`."""

import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from function_app.operator.connections import AsJson, RunDir, Wide
from function_app.operator.console import output, print_json, progress, say
from function_app.operator.doctor.check import Check, all_checks
from function_app.operator.doctor.examining import Examined, examine
from function_app.operator.doctor.finding import Mend
from function_app.operator.doctor.mending import Mended, carry_out, plan
from function_app.operator.doctor.opening import Given, patient_at
from function_app.operator.doctor.words import (
    examined_json,
    examined_table,
    mended_json,
    mended_words,
    plan_words,
    summary,
)
from function_app.operator.ordering.names import check_name
from function_app.operator.running import NO, run

EXAMPLES = (
    "Examples: sluice doctor · sluice doctor hubs lanes · sluice doctor checkpoints --fix · "
    "sluice doctor --settings control=control.json --policy policy.yaml --json"
)
Names = Annotated[list[str] | None, typer.Argument(metavar="[CHECK]...", help="Only these; without any: all.")]
Fix = Annotated[bool, typer.Option("--fix", help="Mend what can be mended: what will be done is shown first.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before mending.")]
OfApps = Annotated[
    list[str] | None,
    typer.Option("--settings", metavar="APP=FILE", help="An app's settings, as `az functionapp config` lists them."),
]
OfFunctions = Annotated[
    list[str] | None,
    typer.Option("--functions", metavar="APP=FILE", help="What an app runs, as `az functionapp function list` says."),
]
Policy = Annotated[Path | None, typer.Option("--policy", help="The policy that should be in force.")]
Longest = Annotated[float, typer.Option("--timeout", min=0.1, help="Seconds for each check at most.")]
type _Told = tuple[list[Examined], list[Mended]]


def doctor(
    names: Names = None, fix: Fix = False, yes: Yes = False, of_apps: OfApps = None,
    of_functions: OfFunctions = None, policy: Policy = None, timeout: Longest = 30,
    wide: Wide = False, as_json: AsJson = False, run_dir: RunDir = None,
) -> None:  # fmt: skip
    """Is all there that Sluice needs, may it be reached, and does it move? To be asked after a deployment, or at night.

    Only looks, but for --fix. Exit codes: 0 all well, warnings included; 1 something is broken; 2 wrong arguments or
    settings.
    """
    if fix and not yes and (as_json or not on_a_terminal()):
        raise typer.BadParameter("--fix shows what it will do and asks: there is nobody to ask, so say --yes")
    # What the clients say of their own retries is a finding here, in words.
    logging.getLogger("azure").setLevel(logging.CRITICAL)
    given = Given(
        run_dir, _files("--settings", of_apps or ()), _files("--functions", of_functions or ()), policy, timeout
    )
    found, mended = run(_all(given, names or [], fix, yes, as_json), "interrupted: what was mended stays mended")
    if as_json:
        checks, done = [examined_json(each) for each in found], [mended_json(each) for each in mended]
        print_json({"well": _well(found, mended), "checks": checks, "mended": done})
    elif not mended:
        _show(found, wide)
    else:
        say("afterwards:")
        _show(found, wide)
    if not _well(found, mended):
        raise typer.Exit(NO)


def on_a_terminal() -> bool:
    return sys.stdin.isatty()


async def _all(given: Given, names: Sequence[str], fix: bool, yes: bool, quiet: bool) -> _Told:
    checks = _chosen(names)
    async with patient_at(given) as patient:
        with progress(f"{len(checks)} checks"):
            found = await examine(patient, checks, given.timeout_s)
        mends = plan(found) if fix else []
        if not mends:
            return found, []
        if not quiet:
            _show(found, False)
            say(f"to be done:\n{plan_words(mends)}")
        if not yes and not typer.confirm("Do it?"):
            return found, []
        done = await _mend(mends, quiet)
        return await examine(patient, checks, given.timeout_s), done


async def _mend(mends: Sequence[Mend], quiet: bool) -> list[Mended]:
    done = []
    async for each in carry_out(mends):
        done.append(each)
        if not quiet:
            say(mended_words(each))
    return done


def _chosen(names: Sequence[str]) -> list[Check]:
    """Raises `Unknown` for a name that is none."""
    checks = all_checks()
    for name in names:
        check_name("check", name, checks)
    return [check for name, check in checks.items() if not names or name in names]


def _files(option: str, texts: Sequence[str]) -> dict[str, Path]:
    """Of `app=file`; raises `typer.BadParameter`."""
    pairs = [text.partition("=") for text in texts]
    if wrong := [app for app, _, file in pairs if not app or not file]:
        raise typer.BadParameter(f"{option} {wrong[0]}: app=file is required")
    return {app: Path(file) for app, _, file in pairs}


def _show(found: Sequence[Examined], wide: bool) -> None:
    output().print(examined_table(found, wide))
    say(summary(found))


def _well(found: Sequence[Examined], mended: Sequence[Mended]) -> bool:
    return all(each.verdict != "broken" for each in found) and not any(each.failure for each in mended)
