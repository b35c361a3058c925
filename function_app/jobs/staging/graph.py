"""Unit checks of the ONNX graph (R037): operators, inputs and outputs, numbers that are numbers, golden rows."""

from typing import Any

import numpy as np

from function_app.jobs.sandbox import ModelFailed, Sandbox
from function_app.jobs.staging.results import at_least, at_most, failed, passed
from function_app.jobs.staging.subject import Subject
from shared.events import CheckResult
from shared.packages import SuiteLimits


def check_operators(model: bytes, sandbox: Sandbox, limits: SuiteLimits) -> CheckResult:
    """Standard operators of a known version, all data inside the file; the model is not run for this."""
    name = "graph.operators"
    try:
        found = sandbox.inspect(model)
    except ModelFailed as failure:
        return failed(name, str(failure))
    if found["problem"]:
        return failed(name, found["problem"])
    opset = found["opset"]
    if opset is None:
        return failed(name, "no version of the standard operators is named")
    if opset < limits.least_opset:
        return at_least(name, opset, limits.least_opset, f"opset {opset} is too old", "opset")
    return at_most(name, opset, limits.most_opset, f"opset {opset}, standard operators only, no data outside", "opset")


def check_tensors(subject: Subject) -> CheckResult:
    """The graph's inputs and outputs are those of `signature.json`."""
    name = "graph.signature"
    signature, ran = subject.package.signature, subject.ran
    inputs = {column.name: (column.datatype, (-1, 1)) for column in signature.inputs}
    outputs = {column.name: (column.datatype, column.shape) for column in signature.outputs}
    for kind, promised, found in (("input", inputs, ran.inputs), ("output", outputs, ran.outputs)):
        for tensor in sorted(promised.keys() | found.keys()):
            if promised.get(tensor) != found.get(tensor):
                return failed(name, f"{kind} {tensor}: promised {promised.get(tensor)}, found {found.get(tensor)}")
    return passed(name, f"{len(inputs)} inputs and {len(outputs)} outputs as promised")


def check_finite(subject: Subject) -> CheckResult:
    """Every number the model gave, on every row of the suite."""
    numbers = [array for array in subject.ran.arrays.values() if array.dtype.kind == "f"]
    wrong = sum(int((~np.isfinite(array)).sum()) for array in numbers)
    cells = sum(array.size for array in numbers)
    return at_most("graph.finite", wrong, 0, f"{wrong} of {cells} output cells are not finite", "cells")


def check_golden(subject: Subject, limits: SuiteLimits) -> CheckResult:
    """Numbers within the tolerance, everything else equal."""
    furthest = 0.0
    for output in subject.package.signature.outputs:
        found, expected = subject.golden(output.name), subject.tables.golden[output.name]
        apart = distance(found, expected)
        if apart > limits.golden_tolerance:
            detail = f"output {output.name} differs by up to {apart:.6g}"
            return at_most("golden.reproduced", apart, limits.golden_tolerance, detail)
        furthest = max(furthest, apart)
    detail = f"{len(subject.tables.golden[subject.package.signature.prediction])} golden rows reproduced"
    return at_most("golden.reproduced", furthest, limits.golden_tolerance, detail)


def distance(found: np.ndarray[Any, Any], expected: Any) -> float:
    """Largest distance of numbers (1e308 when one of them is not finite), share of differing cells for texts."""
    if found.dtype.kind in "fiub":
        wanted = np.asarray(expected, dtype=np.float64).reshape(found.shape)
        furthest = np.abs(found.astype(np.float64) - wanted).max(initial=0.0)
        return float(furthest) if np.isfinite(furthest) else 1e308
    cells = zip(found.reshape(-1).tolist(), np.asarray(expected, dtype=object).reshape(-1).tolist(), strict=True)
    return float(np.mean([str(cell) != str(wanted) for cell, wanted in cells]))
