"""Production rows with their labels: captures and labels joined by key."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from shared.events import LabelsRecorded, PackageRef, PredictionsCaptured
from shared.events.predictions import Cell


@dataclass(frozen=True, slots=True)
class LabelledRows:
    """In order of business time. `captured` rows were in the span, with or without a label."""

    captured: int
    observed_at: tuple[datetime, ...]
    columns: dict[str, list[Cell]]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)


def join(
    captures: Iterable[PredictionsCaptured],
    labels: Iterable[LabelsRecorded],
    columns: Sequence[str],
    since: datetime,
    until: datetime | None = None,
    package: PackageRef | None = None,
    newest: int | None = None,
) -> LabelledRows:
    """Rows observed in [since, until) that hold all `columns` (inputs or outputs) and have a label of 0 or 1.

    A key that was captured several times counts once, its latest label holds. `package` leaves out what others scored,
    `newest` all but the last rows.
    """
    found: dict[str, tuple[datetime, tuple[Cell, ...]]] = {}
    for block in captures:
        cells = {**block.inputs, **block.outputs}
        if (package is not None and block.package != package) or not cells.keys() >= set(columns):
            continue
        rows = zip(*(cells[name] for name in columns), strict=True)
        for key, at, row in zip(block.keys, block.observed_at, rows, strict=True):
            if at >= since and (until is None or at < until):
                found.setdefault(key, (at, row))
    truth = latest_labels(labels)
    matched = sorted((at, key, row) for key, (at, row) in found.items() if key in truth)[-newest if newest else 0 :]
    return LabelledRows(
        captured=len(found),
        observed_at=tuple(at for at, _, _ in matched),
        columns={name: [row[index] for _, _, row in matched] for index, name in enumerate(columns)},
        labels=np.array([truth[key] for _, key, _ in matched], dtype=np.int64),
    )


def latest_labels(blocks: Iterable[LabelsRecorded]) -> dict[str, int]:
    """By key, the label that was observed last; labels other than 0 and 1 are no truth of a binary question."""
    latest: dict[str, tuple[datetime, float]] = {}
    for block in blocks:
        for key, label, at in zip(block.keys, block.labels, block.observed_at, strict=True):
            if key not in latest or at >= latest[key][0]:
                latest[key] = (at, label)
    return {key: int(label) for key, (_, label) in latest.items() if label in (0.0, 1.0)}
