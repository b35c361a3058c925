"""`python -m function_app.model_builder.process REQUEST`: builds, or checks, in a process that may die of the model.

REQUEST is a JSON file. What it has to say goes to standard output as lines of JSON: `say` while it works, then `built`
or `refused`. The files are in folder `out` when `built` is said.
"""

import contextlib
import json
import os
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from function_app.jobs.model_process import limit
from function_app.model_builder.errors import CannotBuild
from function_app.model_builder.wanted import Wanted


@dataclass(frozen=True, slots=True)
class Request:
    """`test` may be "" for none; `seconds` and `megabytes` bound the process.

    `task` is `build`; or `check`, where `model` is a package; or `mend`, which writes that package anew to `out`.
    """

    model: str
    data: str
    test: str
    out: str
    trusted: bool
    wanted: Wanted
    seconds: int
    megabytes: int
    task: Literal["build", "check", "mend"] = "build"

    def to_json(self) -> str:
        return json.dumps(asdict(self), default=lambda moment: moment.isoformat())

    @classmethod
    def from_json(cls, body: str) -> "Request":
        found = json.loads(body)
        said: dict[str, Any] = found.pop("wanted")
        wanted: dict[str, Any] = {name: tuple(each) if isinstance(each, list) else each for name, each in said.items()}
        until = wanted.pop("trained_until")
        moment = datetime.fromisoformat(until) if until else None
        return cls(**found, wanted=Wanted(**wanted, trained_until=moment))


def main(path: str) -> None:
    request = Request.from_json(Path(path).read_text(encoding="utf-8"))
    limit(request.seconds, request.megabytes)
    tell = _teller()
    try:
        tell("built", _TASKS[request.task](request, lambda words: tell("say", words)))
    except CannotBuild as problem:
        tell("refused", str(problem))
    except MemoryError:
        tell("refused", f"it needs more than {request.megabytes} MB: --megabytes allows more")


def _teller() -> Any:
    """Libraries print what they like to standard output; only what is ours goes to the one who asked."""
    ours = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def tell(kind: str, value: Any) -> None:
        ours.write(json.dumps({kind: value}) + "\n")
        ours.flush()

    return tell


def _build(request: Request, tell: Any) -> Any:
    from dataclasses import replace

    from function_app.model_builder import table
    from function_app.model_builder.building import build
    from function_app.model_builder.formats import saved
    from function_app.model_builder.loading import PICKLED, load
    from function_app.model_builder.splitting import with_unseen

    found = saved(Path(request.model))
    tell(f"reading {request.data}")
    rows = with_unseen(table.read(request.data), table.read(request.test) if request.test else None)
    model = load(found, request.trusted)
    wanted = request.wanted
    if found.features and not wanted.features and not model.known.features:
        wanted = replace(wanted, features=found.features)
    with contextlib.redirect_stdout(sys.stderr):
        built = build(model, rows, wanted, tell, datetime.now(UTC))
    for name, body in built.files.items():
        (Path(request.out) / name).write_bytes(body)
    chosen = [*built.chosen, *([f"warning: {PICKLED}"] if found.format == "pickle" else [])]
    return {
        "chosen": chosen,
        "metrics": dict(built.metrics),
        "rows": built.compared.rows,
        "apart": built.compared.apart,
    }


def _check(request: Request, tell: Any) -> Any:
    from function_app.model_builder.checking import LEFT_OUT, check
    from shared.packages import NotAPackage, SuiteLimits

    tell("running the checks of staging")
    try:
        report = check(Path(request.model), SuiteLimits(run_seconds=request.seconds, left_out=LEFT_OUT))
    except NotAPackage as problem:
        raise CannotBuild(f"registration would refuse it: {problem}") from problem
    return report.model_dump(mode="json")


def _mend(request: Request, tell: Any) -> Any:
    from function_app.model_builder.mending import mend
    from shared.packages.folder import read_files, write_files

    built = mend(read_files(Path(request.model)), tell)
    write_files(Path(request.out), built.files)
    return {"chosen": built.chosen}


_TASKS = {"build": _build, "check": _check, "mend": _mend}


if __name__ == "__main__":
    main(sys.argv[1])
