"""`sluice model build | check`."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from function_app.operator.connections import AsJson
from function_app.operator.console import clean, output, print_json, progress, say, table, warn
from function_app.operator.running import INTERRUPTED, NO, USAGE

if TYPE_CHECKING:
    from function_app.model_builder.process import Request

app = typer.Typer(no_args_is_help=True, help="Packages of models: build one, check one.")
_EXAMPLES = (
    "Examples: sluice model build churn.skops --data train.parquet --label churned -o churn/ · "
    "sluice model build model.txt --data train.csv --label delay --time day --trained-until 2026-06-01 -o delay/ · "
    "sluice model build automl/ --data rows.parquet --test later.parquet --label class -o package/"
)


@app.command(epilog=_EXAMPLES)
def build(
    model: Annotated[
        Path, typer.Argument(help="ONNX, skops, LightGBM .txt, XGBoost .json/.ubj, CatBoost .cbm, MLflow folder.")
    ],
    data: Annotated[Path, typer.Option("--data", help="Rows with features and label, .parquet, .csv or .csv.gz.")],
    label: Annotated[list[str], typer.Option("--label", help="Column of the truth; several for several targets.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder to write; it appears when it is whole.")],
    test: Annotated[Path | None, typer.Option("--test", help="Rows that the model was not trained on.")] = None,
    task: Annotated[str, typer.Option("--task", help="What is asked; chosen by model and labels if not said.")] = "",
    features: Annotated[str, typer.Option("--features", help="Columns the model takes, a,b,c in its order.")] = "",
    ignore: Annotated[str, typer.Option("--ignore", help="Columns the model does not take, a,b,c.")] = "",
    groups: Annotated[str, typer.Option("--groups", help="Columns by which bias is checked, a,b,c.")] = "",
    time: Annotated[str, typer.Option("--time", help="Column of each row's time (UTC unless it says).")] = "",
    trained_until: Annotated[
        str, typer.Option("--trained-until", help="ISO time; rows at or after it were not trained on.")
    ] = "",
    positive: Annotated[str, typer.Option("--positive", help="The class a binary question is about.")] = "",
    quantiles: Annotated[str, typer.Option("--quantiles", help="Levels of a quantile regression, 0.1,0.5,0.9.")] = "",
    tolerance: Annotated[
        float, typer.Option("--tolerance", min=0, help="How far the graph may answer from the original.")
    ] = 1e-4,
    trust: Annotated[bool, typer.Option("--trust", help="Load a pickle. It runs whatever its author wrote.")] = False,
    seconds: Annotated[int, typer.Option("--seconds", min=1, help="Processor time for it, at most.")] = 900,
    megabytes: Annotated[int, typer.Option("--megabytes", min=512, help="Memory for it, at most.")] = 16_384,
    force: Annotated[bool, typer.Option("--force", help="Replace the package in OUT.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a model package of a fitted model and its rows, and say what was chosen.

    The model is written as ONNX where it is not, and its answers are compared with those of its own library on every
    row: a package whose answers differ is not made.

    Exit codes: 0 built, 1 no package can be made of this, 2 wrong arguments, 130 interrupted.
    """
    from function_app.model_builder.process import Request
    from function_app.model_builder.wanted import Wanted

    wanted = Wanted(
        labels=tuple(label), task=task, features=_names(features), ignore=_names(ignore), groups=_names(groups),
        time=time, trained_until=_moment(trained_until), positive=positive, quantiles=_levels(quantiles),
        tolerance=tolerance,
    )  # fmt: skip
    with _told():
        request = Request(
            model=str(model.absolute()), data=str(data.absolute()), test=str(test.absolute()) if test else "", out="",
            trusted=trust, wanted=wanted, seconds=seconds, megabytes=megabytes,
        )  # fmt: skip
        found = _build(request, out, force)
    if as_json:
        print_json({"package": str(out), **found})
        return
    for line in found["chosen"]:
        (warn if line.startswith("warning: ") else say)(clean(line))
    say(clean(", ".join(f"{name} {value:.6g}" for name, value in found["metrics"].items())))
    say(f"{clean(out)}/ is built. Next: sluice model check {clean(out)}")


def _build(request: "Request", out: Path, force: bool) -> dict[str, Any]:
    from dataclasses import replace

    from function_app.model_builder.asking import ask, draft
    from function_app.model_builder.environment import python_for
    from function_app.model_builder.formats import saved
    from function_app.model_builder.loading import require_trust

    with draft(out, force) as folder, progress("building") as tell:
        found = saved(Path(request.model))
        require_trust(found.format, found.path, request.trusted)
        python = python_for(found.format, tell)
        return ask(replace(request, out=str(folder)), python, tell)


@app.command(epilog="Examples: sluice model check churn/ · sluice model check churn/ --fix")
def check(
    package: Annotated[Path, typer.Argument(help="The folder of a model package.", file_okay=False)],
    fix: Annotated[
        bool, typer.Option("--fix", help="Make graph, signature and golden rows again from the package's own rows.")
    ] = False,
    seconds: Annotated[int, typer.Option("--seconds", min=1, help="Processor time for it, at most.")] = 120,
    megabytes: Annotated[int, typer.Option("--megabytes", min=512, help="Memory for it, at most.")] = 8_192,
    as_json: AsJson = False,
) -> None:
    """What registration and staging would say of a package, but for what needs production rows. Registers nothing.

    Exit codes: 0 nothing failed, 1 something failed, 2 wrong arguments, 130 interrupted.
    """
    with _told():
        if fix:
            _mend(package, seconds, megabytes, quiet=as_json)
        report = _ask_of(package, "", "check", seconds, megabytes)
    if as_json:
        print_json(report)
    else:
        _print(report)
    if report["verdict"] == "failed":
        raise typer.Exit(NO)


def _mend(package: Path, seconds: int, megabytes: int, quiet: bool) -> None:
    """In place, whole or not at all."""
    from function_app.model_builder.asking import draft

    with draft(package, force=True) as folder:
        found = _ask_of(package, str(folder), "mend", seconds, megabytes)
    for line in () if quiet else found["chosen"]:
        say(clean(line))


def _ask_of(package: Path, out: str, task: Any, seconds: int, megabytes: int) -> dict[str, Any]:
    from function_app.model_builder.asking import ask, this_python
    from function_app.model_builder.process import Request
    from function_app.model_builder.wanted import Wanted

    request = Request(
        model=str(package.absolute()), data="", test="", out=out, trusted=False, wanted=Wanted(labels=()),
        seconds=seconds, megabytes=megabytes, task=task,
    )  # fmt: skip
    with progress("checking" if task == "check" else "mending") as tell:
        return ask(request, this_python(), tell)


def _print(report: dict[str, Any]) -> None:
    rows = [(each["verdict"], each["name"], each["detail"]) for each in report["checks"]]
    output().print(table([("verdict", {"no_wrap": True}), "check", "detail"], rows))
    say(clean(f"{report['verdict']}: {report['reason']}" if report["verdict"] != "passed" else report["reason"]))


@contextmanager
def _told() -> Iterator[None]:
    from function_app.model_builder.errors import CannotBuild

    try:
        yield
    except KeyboardInterrupt:
        warn("sluice: interrupted; nothing was written")
        raise typer.Exit(INTERRUPTED) from None
    except (CannotBuild, OSError) as error:
        warn(f"sluice: {error}")
        raise typer.Exit(NO) from error


def _names(text: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in text.split(",") if each.strip())


def _levels(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(each) for each in _names(text))
    except ValueError as error:
        raise _wrong(f"--quantiles: numbers are expected, found {text!r}") from error


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise _wrong(f"--trained-until: an ISO 8601 time is expected, found {text!r}") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _wrong(text: str) -> typer.Exit:
    warn(f"sluice: {text}")
    return typer.Exit(USAGE)
