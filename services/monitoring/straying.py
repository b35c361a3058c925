"""Rows that are in no window, or in another than their own: a few are everyday, many are a fault.

The counts are one partition's. The id of what is said derives from endpoint, kind and day, so that all partitions of an
endpoint say it once.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from services.monitoring.limits import MonitoringLimits
from services.monitoring.windows import Stream
from shared.events import Envelope, PredictionsCaptured, RowsMissed, derive_id

_LATE = "rows came later than the grace of their window, or with times that no clock can have meant"


class Straying(NamedTuple):
    kind: str
    rows: int
    of: int
    reason: str


def look(
    before: Stream, after: Stream, block: Envelope[PredictionsCaptured], limits: MonitoringLimits, scored: datetime
) -> tuple[Stream, list[Envelope[Any]]]:
    """What folding the block in between shows, and what is said of it."""
    rows, strays = len(block.data.keys), after.late_rows + after.redated_rows - before.late_rows - before.redated_rows
    looked, strayed = before.looked + rows, before.strayed + strays
    found = list(_jump(before, after, rows, limits, scored))
    after = after.model_copy(update={"scored": scored, "looked": looked, "strayed": strayed})
    if looked >= limits.late_least_rows:
        many = strayed > limits.late_share * looked
        found += [Straying("late", strayed, looked, _LATE)] if many and not before.told else []
        after = after.model_copy(update={"looked": 0, "strayed": 0, "told": many})
    return after, [_said(each, block) for each in found]


def _jump(before: Stream, after: Stream, rows: int, limits: MonitoringLimits, scored: datetime) -> Iterator[Straying]:
    """Business time ran a whole window ahead of the clock within one block: whatever lay between is late now."""
    if before.watermark is None or after.watermark is None or before.scored is None:
        return
    ahead = (after.watermark - before.watermark) - (scored - before.scored)
    if ahead.total_seconds() > limits.window_s + limits.grace_s:
        times = f"from {before.watermark:%Y-%m-%d %H:%M} to {after.watermark:%Y-%m-%d %H:%M} UTC"
        yield Straying("jump", rows, rows, f"business time jumped {times}: what belongs between comes too late")


def _said(found: Straying, cause: Envelope[PredictionsCaptured]) -> Envelope[Any]:
    endpoint = cause.data.endpoint
    event = RowsMissed(endpoint=endpoint, rows=found.rows, of=found.of, reason=found.reason)
    return Envelope(
        id=derive_id("rows-missed", found.kind, str(endpoint.entity), f"{cause.time:%Y-%m-%d}"),
        source="/sluice/monitoring", time=cause.time, data=event, correlation_id=cause.correlation_id,
        causation_id=cause.id,
    )  # fmt: skip
