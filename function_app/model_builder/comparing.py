"""Does the graph answer what the model's own library answers?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from function_app.model_builder.fitted import Answers
from shared.packages.signature import OutputColumn

type Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Compared:
    """`apart` is the largest absolute difference over `rows` rows; `problem` says in words what is too far apart."""

    rows: int
    apart: float = 0.0
    problem: str = ""


def compare(outputs: Sequence[OutputColumn], found: Arrays, original: Answers, tolerance: float) -> Compared:
    """Numbers within `tolerance` absolute or relative; labels equal, but where the original itself was undecided."""
    apart, rows, problem = 0.0, 0, ""
    undecided = _undecided(original, tolerance)
    for output in outputs:
        if output.role is None or output.role not in original:
            continue
        theirs = np.asarray(original[output.role])
        ours = _as(found[output.graph_name], theirs)
        rows = len(theirs)
        if ours is None:
            shapes = f"{list(found[output.graph_name].shape)} against {list(theirs.shape)}"
            return Compared(rows, float("inf"), f"output {output.name}: the original answers another shape ({shapes})")
        if output.role in ("label", "tokens"):
            wrong = _different_labels(ours, theirs, undecided)
        else:
            ours, theirs = ours.astype(np.float64), theirs.astype(np.float64)
            distances = np.where(ours == theirs, 0.0, np.abs(ours - theirs))
            distances[np.isnan(ours) & np.isnan(theirs)] = 0.0
            apart = max(apart, float(np.nan_to_num(distances, nan=np.inf).max(initial=0.0)))
            excess = np.nan_to_num(distances - tolerance * (1 + np.abs(theirs)), nan=np.inf)
            wrong = excess.reshape(rows, -1).max(axis=1, initial=-1.0)
        problem = problem or _worst(output, wrong, ours, theirs)
    return Compared(rows, apart, problem)


def _as(ours: NDArray[Any], theirs: NDArray[Any]) -> NDArray[Any] | None:
    """In the shape of theirs; sizes of one come and go."""
    if ours.dtype == np.object_ and theirs.dtype != np.object_ and theirs.dtype.kind not in "US":
        return None
    return ours.reshape(theirs.shape) if ours.size == theirs.size else None


def _undecided(original: Answers, tolerance: float) -> NDArray[np.bool_] | None:
    """Rows whose two likeliest classes are nearer to each other than the tolerance."""
    probabilities = original.get("probabilities")
    if probabilities is None or np.ndim(probabilities) != 2 or probabilities.shape[1] < 2:
        return None
    top = np.sort(np.asarray(probabilities, np.float64), axis=1)[:, -2:]
    return np.asarray(top[:, 1] - top[:, 0] <= 2 * tolerance)


def _different_labels(
    ours: NDArray[Any], theirs: NDArray[Any], undecided: NDArray[np.bool_] | None
) -> NDArray[np.float64]:
    rows = len(theirs)
    different = np.array([str(a) != str(b) for a, b in zip(ours.reshape(-1), theirs.reshape(-1), strict=True)])
    wrong = different.reshape(rows, -1).any(axis=1)
    if undecided is not None and theirs.size == rows:
        wrong &= ~undecided
    return np.where(wrong, 1.0, -1.0)


def _worst(output: OutputColumn, wrong: NDArray[np.float64], ours: NDArray[Any], theirs: NDArray[Any]) -> str:
    if not (wrong > 0).any():
        return ""
    row = int(np.argmax(wrong))
    count = int((wrong > 0).sum())
    return (
        f"output {output.name}: {count} of {len(wrong)} rows differ, row {row} most: "
        f"ONNX {_short(ours[row])}, the original {_short(theirs[row])}"
    )


def _short(value: Any) -> str:
    return np.array2string(np.asarray(value), precision=7, threshold=8, edgeitems=3)
