"""From a fitted model and rows to the files of a package."""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from function_app.model_builder import feeding, files
from function_app.model_builder import table as tables
from function_app.model_builder.candidate import Candidate, candidate
from function_app.model_builder.comparing import Compared, compare
from function_app.model_builder.errors import CannotBuild
from function_app.model_builder.fitted import Answers, Fitted
from function_app.model_builder.splitting import Split, split
from function_app.model_builder.table import Table
from function_app.model_builder.truth import Truth, truth_of
from function_app.model_builder.wanted import Tell, Wanted
from shared.packages.signature import TRAINED, Signature
from shared.tasks import TASKS
from shared.tasks.measuring import figures
from shared.tasks.task import Answers as Measurable
from shared.tasks.task import Role


@dataclass(frozen=True, slots=True)
class Built:
    """`chosen` are sentences for the person who knows the model."""

    files: Mapping[str, bytes]
    signature: Signature
    metrics: Mapping[str, float]
    compared: Compared
    chosen: tuple[str, ...]


def build(model: Fitted, table: Table, wanted: Wanted, tell: Tell, now: datetime) -> Built:
    """Raises `CannotBuild`."""
    truth = truth_of(table, wanted.labels)
    known = model.known
    set_aside = wanted.set_aside | {TRAINED}
    columns = feeding.columns_of(table, wanted.features or known.features, set_aside, known.width)
    parted = split(table, wanted, now)
    for name in wanted.groups:
        tables.column(table, name, "groups")
    tell(f"{known.called}: {len(columns)} columns, {len(table)} rows")
    original = model.answers(table, columns)
    made, how, compared = _best(model, table, columns, truth, wanted, original, tell)
    tell("figures and files")
    watched = made.signature.watch({each.name: made.answers[each.graph_name] for each in made.signature.outputs})
    metrics = _figures(made, truth, ~parted.trained if (~parted.trained).any() else parted.trained)
    rows = files.golden_rows(watched, len(table))
    body = files.all_files(
        made,
        golden_body=files.golden(table, made, rows),
        reference_body=files.reference(table, made, watched, parted.trained),
        metrics=metrics,
        environment=files.environment_of(_packages(known.packages), platform.python_version()),
        until=parted.until,
    )
    chosen = (*_chosen(made, how, parted, compared, bool(original), wanted.tolerance), *known.warnings)
    return Built(body, made.signature, metrics, compared, chosen)


def _best(
    model: Fitted, table: Table, columns: Sequence[str], truth: Truth, wanted: Wanted, original: Answers, tell: Tell
) -> tuple[Candidate, str, Compared]:
    """The first export that answers as the original does; raises `CannotBuild` with what was nearest to it."""
    problems: list[str] = []
    for export in model.exports(table, columns):
        tell(f"as ONNX, {export.how}")
        try:
            made = candidate(export, model.known, table, columns, truth, wanted)
        except CannotBuild as error:
            problems.append(f"{export.how}: {error}")
            continue
        compared = compare(made.signature.outputs, made.answers, original, wanted.tolerance)
        if not compared.problem:
            return made, export.how, compared
        problems.append(f"{export.how}: {compared.problem} (tolerance {wanted.tolerance:g})")
    raise CannotBuild("; ".join(problems) or "the model could not be written as ONNX")


def _figures(made: Candidate, truth: Truth, chosen: NDArray[np.bool_]) -> dict[str, float]:
    signature = made.signature
    task, about = TASKS[signature.task], signature.about()
    spelled = [task.truth(_plain(cell), about) for cell in truth.cells]
    for row, each in enumerate(spelled):
        if each is None:
            raise CannotBuild(f"label: row {row} has {truth.cells[row]!r}; {task.label_words} is expected")
    rows = np.flatnonzero(chosen)
    outputs: dict[Role, NDArray[Any]] = {
        each.role: made.answers[each.graph_name][rows] for each in signature.outputs if each.role
    }
    found = figures(task.measure(Measurable([spelled[row] for row in rows], outputs, about)))
    return {**{name: float(value) for name, value in found.items() if np.isfinite(value)}, "rows": float(len(rows))}


def _plain(cell: Any) -> Any:
    return tuple(cell) if isinstance(cell, list) else cell


def _packages(of_model: Sequence[str]) -> list[str]:
    return [*of_model, f"onnxruntime=={version('onnxruntime')}"]


def _chosen(
    made: Candidate, how: str, parted: Split, compared: Compared, has_original: bool, tolerance: float
) -> list[str]:
    signature = made.signature
    lines = [f"task {signature.task}", f"graph: {how}", *made.done]
    lines += _inputs(signature)
    for output in signature.outputs:
        role = output.role or "no role: answered, not watched"
        lines.append(f"output {output.name}: {output.datatype} {list(output.shape)}, {role}")
    if signature.classes:
        about = f", positive {signature.positive if signature.positive is not None else signature.classes[-1]}"
        binary = about if signature.task == "binary_classification" else ""
        lines.append(f"classes {', '.join(map(str, signature.classes[:20]))}{binary}")
    lines.append(f"rows: {parted.how}; trained until {parted.until.isoformat()}")
    if has_original:
        lines.append(
            f"answers of the original and of the graph on {compared.rows} rows: at most {compared.apart:.3g} apart "
            f"(tolerance {tolerance:g})"
        )
    else:
        lines.append("not compared with an original: there is only the graph")
    return lines


def _inputs(signature: Signature) -> list[str]:
    """One line for those that are alike."""
    alike: dict[str, list[str]] = {}
    for each in signature.inputs:
        of = f" of {len(each.features)} columns" if each.features else ""
        alike.setdefault(f"{each.datatype} {list(each.shape)}, {each.kind}{of}", []).append(each.name)
    return [f"input {', '.join(names)}: {what}" for what, names in alike.items()]
