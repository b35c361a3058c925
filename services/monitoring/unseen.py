"""Counting rows that are in no window, a day at a time, and saying so once for each day, reason and endpoint."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from services.monitoring.limits import MonitoringLimits
from shared.events import (
    CaptureLost,
    CapturesLost,
    Envelope,
    Event,
    PredictionsCaptured,
    RowsUnmonitored,
    derive_id,
)

# Reasons are words of another process: so many of them are counted apart.
_MOST_KINDS = 50

type Kind = Literal["lost", "unmonitored"]
_KINDS: Mapping[str, Kind] = {"lost": "lost", "unmonitored": "unmonitored"}


class Unseen(BaseModel):
    """Rows of one day that are in no window; `told` once people were."""

    model_config = ConfigDict(frozen=True)

    on: date
    rows: int = 0
    told: bool = False


# By `<kind>:<reason>`, the package's digest where that is why.
type Counts = Mapping[str, Unseen]


def count_lost(counts: Counts, row: Envelope[CaptureLost], scored: datetime) -> tuple[Counts, list[Envelope[Any]]]:
    """Any row that is lost is said."""
    lost = row.data
    counts, now = _counted(counts, f"lost:{lost.reason}", lost.rows, scored.astimezone(UTC).date())
    event = CapturesLost(endpoint=lost.endpoint, on=now.on, rows=now.rows, instance=lost.instance, reason=lost.reason)
    return _said(counts, f"lost:{lost.reason}", event, row, least=1)


def count_unmonitored(
    counts: Counts, row: Envelope[PredictionsCaptured], scored: datetime, limits: MonitoringLimits
) -> tuple[Counts, list[Envelope[Any]]]:
    """Fewer rows than a window needs are counted only: what was taken back is still answered with for a moment."""
    block = row.data
    kind = f"unmonitored:{block.package.digest}"
    counts, now = _counted(counts, kind, len(block.keys), scored.astimezone(UTC).date())
    event = RowsUnmonitored(endpoint=block.endpoint, on=now.on, rows=now.rows, package=block.package)
    return _said(counts, kind, event, row, least=limits.min_rows)


def by_reason(counts: Counts) -> Iterator[tuple[Kind, str, Unseen]]:
    """What was counted apart: rows that were lost by the reason for it, those that are not monitored by package."""
    for name, counted in counts.items():
        named, _, why = name.partition(":")
        if kind := _KINDS.get(named):
            yield kind, why, counted


def _counted(counts: Counts, kind: str, rows: int, day: date) -> tuple[Counts, Unseen]:
    """A late row of an earlier day counts with the newest, so that no day is said twice. The oldest kinds go first."""
    before = counts.get(kind, Unseen(on=day))
    fresh = Unseen(on=day) if before.on < day else before
    now = fresh.model_copy(update={"rows": fresh.rows + rows})
    kept = sorted({**counts, kind: now}.items(), key=lambda item: item[1].on)[-_MOST_KINDS:]
    return dict(kept), now


def _said(
    counts: Counts, kind: str, event: CapturesLost | RowsUnmonitored, cause: Envelope[Any], least: int
) -> tuple[Counts, list[Envelope[Any]]]:
    found = counts[kind]
    if found.told or found.rows < least:
        return counts, []
    told = {**counts, kind: found.model_copy(update={"told": True})}
    return told, [_envelope(event, kind, cause)]


def _envelope(event: CapturesLost | RowsUnmonitored, kind: str, cause: Envelope[Any]) -> Envelope[Event]:
    """The same from every partition, so that people hear of it once."""
    return Envelope(
        id=derive_id("unseen", str(event.entity), kind, event.on.isoformat()),
        source="/sluice/monitoring",
        time=cause.time,
        data=event,
        correlation_id=cause.correlation_id,
        causation_id=cause.id,
    )
