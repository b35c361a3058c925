"""Production rows with their labels: captures and labels joined by key."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.events import Label, LabelsRecorded, PackageRef, PredictionsCaptured
from shared.events.predictions import Cell
from shared.tasks import class_name

# What a label must be to count.
type IsTruth = Callable[[Label], bool]


@dataclass(frozen=True, slots=True)
class LabelledRows:
    """In order of business time. `captured` rows were in the span, with or without a label."""

    captured: int
    observed_at: tuple[datetime, ...]
    columns: dict[str, list[Cell]]
    labels: list[Label]

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Rows observed in [since, until) that hold all `columns` (inputs or outputs).

    `package` leaves out what others scored, `newest` all but the last rows.
    """

    columns: Sequence[str]
    since: datetime
    until: datetime | None = None
    package: PackageRef | None = None
    newest: int | None = None


class Join:
    """Takes captured rows in and keeps those with a label that counts. A key counts once, however often captured."""

    def __init__(
        self, wanted: Wanted, labels: Iterable[LabelsRecorded], is_truth: IsTruth = lambda label: True
    ) -> None:
        self._wanted, self._truth = wanted, latest_labels(labels, is_truth)
        self._seen: set[str] = set()
        self._matched: list[tuple[datetime, str, tuple[Cell, ...]]] = []
        self.looked_at = 0

    @property
    def is_enough(self) -> bool:
        return self._wanted.newest is not None and len(self._matched) >= self._wanted.newest

    def add(self, block: PredictionsCaptured) -> None:
        wanted, cells = self._wanted, {**block.inputs, **block.outputs}
        self.looked_at += len(block.keys)
        if (wanted.package is not None and block.package != wanted.package) or not cells.keys() >= set(wanted.columns):
            return
        rows = zip(*(cells[name] for name in wanted.columns), strict=True)
        for key, at, row in zip(block.keys, block.observed_at, rows, strict=True):
            if at >= wanted.since and (wanted.until is None or at < wanted.until) and key not in self._seen:
                self._seen.add(key)
                if key in self._truth:
                    self._matched.append((at, key, row))

    def rows(self) -> LabelledRows:
        matched = sorted(self._matched, key=lambda row: row[:2])[-(self._wanted.newest or 0) :]
        return LabelledRows(
            captured=len(self._seen),
            observed_at=tuple(at for at, _, _ in matched),
            columns={name: [row[i] for _, _, row in matched] for i, name in enumerate(self._wanted.columns)},
            labels=[self._truth[key] for _, key, _ in matched],
        )


def is_binary(label: Label) -> bool:
    """Labels other than 0 and 1 are no truth of a binary question."""
    return not isinstance(label, tuple) and class_name(label) in ("0", "1")


def latest_labels(blocks: Iterable[LabelsRecorded], is_truth: IsTruth) -> dict[str, Label]:
    """By key, the label that was observed last; none where that is no truth."""
    latest: dict[str, tuple[datetime, Label]] = {}
    for block in blocks:
        for key, label, at in zip(block.keys, block.labels, block.observed_at, strict=True):
            if key not in latest or at >= latest[key][0]:
                latest[key] = (at, label)
    return {key: label for key, (_, label) in latest.items() if is_truth(label)}
