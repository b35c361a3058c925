"""What is wrong with answers whatever the truth is: each says what was found and what was expected."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.tasks.measuring.numbers import crossing
from shared.tasks.task import About, Role
from shared.tasks.truth import class_name, spellings

_SLACK = 1e-3


def of_probabilities(outputs: Mapping[Role, NDArray[Any]], add_up: bool) -> tuple[str, ...]:
    found = []
    for role in ("probability", "probabilities"):
        cells = outputs.get(role)
        if cells is None:
            continue
        low, high = float(cells.min()), float(cells.max())
        if low < -_SLACK or high > 1 + _SLACK:
            found.append(f"{role}: {low:.6g} to {high:.6g} found, 0 to 1 expected: scores are no probabilities")
        elif role == "probabilities" and add_up and cells.shape[-1] > 1:
            sums = cells.astype(np.float64).sum(axis=-1)
            if np.abs(sums - 1).max() > 10 * _SLACK:
                found.append(f"probabilities: a row adds up to {_furthest(sums, 1.0):.6g}, 1 expected")
    return tuple(found)


def of_classes(outputs: Mapping[Role, NDArray[Any]], about: About, role: Role) -> tuple[str, ...]:
    """Answers that are none of the classes."""
    if role not in outputs or not about.classes:
        return ()
    known = set(spellings(about))
    cells = set(outputs[role].reshape(-1).tolist()) - {"", -100, None}
    strange = {str(class_name(cell, about.classes)) for cell in cells} - known
    if not strange:
        return ()
    return (f"{role}: {sorted(strange)[0]!r} found, expected one of {', '.join(sorted(known)[:10])}",)


def of_quantiles(outputs: Mapping[Role, NDArray[Any]]) -> tuple[str, ...]:
    crossed = crossing(outputs) if "quantile" in outputs else 0
    rows = len(outputs["quantile"]) if "quantile" in outputs else 0
    return (f"quantile: lower ones are above higher ones in {crossed} of {rows} rows; sort them",) if crossed else ()


def of_masks(outputs: Mapping[Role, NDArray[Any]], about: About) -> tuple[str, ...]:
    mask = outputs.get("mask")
    if mask is None or not about.classes:
        return ()
    if mask.ndim == 4:
        planes = mask.shape[1]
        wanted = len(about.classes)
        return (f"mask: {planes} planes found, {wanted} classes expected",) if planes not in (1, wanted) else ()
    highest = int(mask.max())
    return (
        (f"mask: class {highest} found, 0 to {len(about.classes) - 1} expected",)
        if highest >= len(about.classes)
        else ()
    )


def _furthest(values: NDArray[Any], wanted: float) -> float:
    return float(values[np.abs(values - wanted).argmax()])
