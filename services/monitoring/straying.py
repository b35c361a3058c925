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


class Straying(NamedTuple):
    kind: str
    rows: int
    of: int
    reason: str


def look(
    before: Stream, after: Stream, rows: int, limits: MonitoringLimits, scored: datetime
) -> tuple[Stream, list[Straying]]:
    """What a block of so many rows, folded in between, shows; rows without a reference show nothing."""
    after = after.model_copy(update={"scored": scored})
    if after.unmonitored_rows > before.unmonitored_rows:
        return after, []
    late, redated = after.late_rows - before.late_rows, after.redated_rows - before.redated_rows
    looked, strayed = before.looked + rows, before.strayed + late + redated
    jumps = list(_jump(before, after, rows, limits, scored))
    if looked < limits.late_least_rows:
        return after.model_copy(update={"looked": looked, "strayed": strayed}), jumps
    many = strayed > limits.late_share * looked
    reason = (
        f"rows came more than {limits.grace_s:g} s after a later one had, or with times that no clock can have meant"
    )
    found = [Straying("late", strayed, looked, reason)] if many and not before.told else []
    return after.model_copy(update={"looked": 0, "strayed": 0, "told": many}), [*jumps, *found]


def _jump(before: Stream, after: Stream, rows: int, limits: MonitoringLimits, scored: datetime) -> Iterator[Straying]:
    """Business time ran a whole window ahead of the clock within one block: whatever lay between is late now."""
    if before.watermark is None or after.watermark is None or before.scored is None:
        return
    ahead = (after.watermark - before.watermark) - (scored - before.scored)
    if ahead.total_seconds() > limits.window_s + limits.grace_s:
        times = f"from {before.watermark:%Y-%m-%d %H:%M} to {after.watermark:%Y-%m-%d %H:%M} UTC"
        yield Straying("jump", rows, rows, f"business time jumped {times}: what belongs between comes too late")


def told(found: list[Straying], cause: Envelope[PredictionsCaptured]) -> Iterator[Envelope[Any]]:
    endpoint = cause.data.endpoint
    for kind, rows, of, reason in found:
        identity = derive_id("rows-missed", kind, str(endpoint.entity), f"{cause.time:%Y-%m-%d}")
        event = RowsMissed(endpoint=endpoint, rows=rows, of=of, reason=reason)
        yield Envelope(
            id=identity, source="/sluice/monitoring", time=cause.time, data=event, correlation_id=identity,
            causation_id=cause.id,
        )  # fmt: skip
