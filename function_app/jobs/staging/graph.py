"""Unit checks of the ONNX graph (R037): operators, inputs and outputs, numbers that are numbers, golden rows."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from function_app.jobs.sandbox import ModelFailed, Sandbox
from function_app.jobs.staging.results import at_least, at_most, failed, passed
from function_app.jobs.staging.subject import Subject
from shared.events import CheckResult
from shared.packages import Signature, SuiteLimits
from shared.packages.graph import contradictions
from shared.packages.graph_file import read_graph


def check_operators(files: Mapping[str, bytes], sandbox: Sandbox, limits: SuiteLimits) -> CheckResult:
    """Known operators of a known version, all data inside the package; the model is not run for this."""
    name = "graph.operators"
    try:
        found = sandbox.inspect(files)
    except ModelFailed as failure:
        return failed(name, str(failure))
    if found["problem"]:
        return failed(name, found["problem"])
    opset = found["opset"]
    if opset is None:
        return passed(name, "known operators only, none of the standard ones")
    if opset < limits.least_opset:
        return at_least(name, opset, limits.least_opset, f"opset {opset} is too old", "opset")
    return at_most(name, opset, limits.most_opset, f"opset {opset}, known operators only, no data outside", "opset")


def check_tensors(signature: Signature, model: bytes) -> CheckResult:
    """The graph declares what `signature.json` says; nothing is run for this."""
    name = "graph.signature"
    if said := contradictions(signature, read_graph(model)):
        return failed(name, "; ".join(said))
    return passed(name, f"{len(signature.inputs)} inputs and {len(signature.outputs)} outputs as promised")


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
