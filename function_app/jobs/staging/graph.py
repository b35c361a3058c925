"""Unit checks of the ONNX graph (R037): what it declares, its operators, numbers that are numbers, golden rows."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from function_app.jobs.sandbox import ModelFailed, Sandbox
from function_app.jobs.staging.results import at_least, at_most, failed, inconclusive, passed
from function_app.jobs.staging.subject import Subject, by_role
from shared.events import CheckResult
from shared.packages import NotAPackage, Signature, SuiteLimits
from shared.packages.graph import contradictions
from shared.packages.graph_file import read_graph


def check_signature(signature: Signature, model: bytes) -> CheckResult:
    """The graph is what `signature.json` says of it, by its bytes alone: nothing is run to find out."""
    name = "graph.signature"
    try:
        wrong = contradictions(signature, read_graph(model))
    except NotAPackage as problem:
        return failed(name, str(problem))
    if wrong:
        return failed(name, "; ".join(wrong))
    return passed(name, f"inputs ({len(signature.inputs)}) and outputs ({len(signature.outputs)}) as promised")


def check_operators(files: Mapping[str, bytes], sandbox: Sandbox, limits: SuiteLimits) -> CheckResult:
    """Operators that are known here, of a known version; the model is not run for this."""
    name = "graph.operators"
    try:
        found = sandbox.inspect(files)
    except ModelFailed as failure:
        return failed(name, str(failure))
    if found["problem"]:
        return failed(name, found["problem"])
    opset = found["opset"]
    if opset is None:
        return passed(name, "no standard operators; those of others are known")
    if opset < limits.least_opset:
        wrong = f"opset {opset} found, at least {limits.least_opset} expected: export with a newer target_opset"
        return at_least(name, opset, limits.least_opset, f"opset {opset}", "opset", wrong=wrong)
    wrong = f"opset {opset} found, at most {limits.most_opset} expected: export with target_opset={limits.most_opset}"
    return at_most(
        name, opset, limits.most_opset, f"opset {opset}, operators that are known here", "opset", wrong=wrong
    )


def check_finite(subject: Subject) -> CheckResult:
    """Every number the model gave, on every row of the suite."""
    numbers = {
        name: np.concatenate([part.outputs[name].reshape(-1) for part in subject.parts])
        for name, cells in subject.golden.outputs.items()
        if cells.dtype.kind == "f"
    }
    wrong = {name: int((~np.isfinite(cells)).sum()) for name, cells in numbers.items()}
    cells, bad = sum(array.size for array in numbers.values()), sum(wrong.values())
    worst = max(wrong, key=lambda each: wrong[each], default="")
    said = f"{bad} of {cells} output cells are not finite, most of them of {worst}: 0 expected; look at rows with nulls"
    return at_most("graph.finite", bad, 0, f"{cells} output cells are finite", "cells", wrong=said)


def check_answers(subject: Subject) -> CheckResult:
    """What answers to such a question cannot be, whatever is true: no rates beyond 1, no unknown classes."""
    name, signature = "graph.answers", subject.package.signature
    faults = signature.task_kind.faults(by_role(signature, subject.reference.outputs), signature.about())
    if faults:
        return failed(name, "; ".join(faults))
    return passed(name, f"answers are those of {signature.task.replace('_', ' ')}")


def check_alone(files: Mapping[str, bytes], sandbox: Sandbox) -> CheckResult:
    """Are golden rows answered alone as they are together? Where not, requests are never joined (slower, and right)."""
    name = "golden.alone"
    try:
        said = sandbox.neighbours(files)
    except ModelFailed as failure:
        return failed(name, f"golden rows one at a time: {failure}")
    return inconclusive(name, said) if said else passed(name, "golden rows are answered alone as they are together")


def check_golden(subject: Subject, limits: SuiteLimits) -> CheckResult:
    """Numbers within the tolerance, everything else equal."""
    name, furthest, where = "golden.reproduced", 0.0, ""
    for output in subject.package.signature.outputs:
        found, expected = subject.golden.outputs[output.name], subject.golden.columns[output.name]
        try:
            apart = distance(found, expected)
        except (TypeError, ValueError) as error:
            return failed(name, f"golden.parquet, {output.name}: shape {list(found.shape)} expected: {error}")
        if apart >= furthest:
            furthest, where = apart, _furthest(output.name, found, expected)
    rows = len(subject.golden)
    wrong = f"{where}; record what model.onnx itself answers, by ONNX Runtime"
    return at_most(name, furthest, limits.golden_tolerance, f"{rows} golden rows reproduced", wrong=wrong)


def _furthest(output: str, found: np.ndarray[Any, Any], expected: Any) -> str:
    """The row that is furthest off, found and expected."""
    rows = len(found)
    wanted = np.asarray(expected, dtype=float if found.dtype.kind in "fiub" else object).reshape(rows, -1)
    cells = found.reshape(rows, -1)
    apart = (
        np.abs(cells.astype(np.float64) - wanted).max(axis=1, initial=0.0)
        if found.dtype.kind in "fiub"
        else np.array([list(map(str, one)) != list(map(str, other)) for one, other in zip(cells, wanted, strict=True)])
    )
    row = int(np.nan_to_num(apart.astype(float), nan=np.inf).argmax())
    column = int((cells[row].astype(str) != wanted[row].astype(str)).argmax()) if cells.shape[1] > 1 else 0
    return f"output {output}, row {row}: {cells[row, column]} found, {wanted[row, column]} expected by golden.parquet"


def distance(found: np.ndarray[Any, Any], expected: Any) -> float:
    """Largest distance of numbers (1e308 when one of them is not finite), share of differing cells for texts."""
    if found.dtype.kind in "fiub":
        wanted = np.asarray(expected, dtype=np.float64).reshape(found.shape)
        furthest = np.abs(found.astype(np.float64) - wanted).max(initial=0.0)
        return float(furthest) if np.isfinite(furthest) else 1e308
    cells = zip(found.reshape(-1).tolist(), np.asarray(expected, dtype=object).reshape(-1).tolist(), strict=True)
    return float(np.mean([str(cell) != str(wanted) for cell, wanted in cells]))
