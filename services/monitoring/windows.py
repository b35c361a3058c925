"""Folding captured rows into windows of business time, one hub partition at a time.

A partition's watermark is the newest business time it has seen for an endpoint. A window is complete there when the
watermark is past its end and grace; rows that come later are counted, not folded. Parts of a window merge by addition.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict

from services.monitoring.limits import MonitoringLimits
from services.monitoring.unseen import Unseen
from shared.events import Digest, PackageRef, PredictionsCaptured, Window
from shared.profiles import Profile, Reference
from shared.reactor import State

# Parts that were published are kept for late readers, but not for ever.
_PARTS_KEPT = 24
# A row's time may lie so far from when it was scored: clocks differ, and replays are of years ago. What is further off
# is a wrong clock or a wrong unit.
AHEAD, BEHIND = timedelta(minutes=15), timedelta(days=50 * 365)
# A request of thousands of rows may name as many windows, each of which would be a state and an event.
_MOST_WINDOWS = 64


class Part(BaseModel):
    """This partition's share of a window: an open one has its `profile` inline, a complete one by its `digest`."""

    model_config = ConfigDict(frozen=True)

    package: PackageRef
    window: Window
    rows: int
    profile: dict[str, Any] | None = None
    digest: Digest | None = None

    @property
    def key(self) -> str:
        return part_key(self.package, self.window)


class Stream(State):
    """One endpoint as seen through one partition. `redated_rows` are counted at the time of scoring, not their own.

    `unseen` counts rows that are in no window, by why. `scored` is when the last block was. Of the rows since the last
    look, `looked` of them, so many have `strayed` from their window; `told` is whether the look before found too many.
    """

    watermark: datetime | None = None
    parts: dict[str, Part] = {}
    late_rows: int = 0
    redated_rows: int = 0
    unseen: dict[str, Unseen] = {}
    scored: datetime | None = None
    looked: int = 0
    strayed: int = 0
    told: bool = False

    def is_past(self, window: Window, grace: timedelta) -> bool:
        return self.watermark is not None and self.watermark >= window.end + grace


def part_key(package: PackageRef, window: Window) -> str:
    """Of the width, too: after a change of policy, counts of a week must not be taken for those of a day."""
    return f"{package.digest[:16]}/{window.key}-{(window.end - window.start).total_seconds():g}"


def window_of(moment: datetime, width_s: float) -> Window:
    """Windows are aligned to the Unix epoch, so that every partition and every instance cuts at the same times."""
    start = moment.timestamp() // width_s * width_s
    return Window(start=datetime.fromtimestamp(start, UTC), end=datetime.fromtimestamp(start + width_s, UTC))


def fold_block(
    stream: Stream, block: PredictionsCaptured, reference: Reference, limits: MonitoringLimits, scored: datetime
) -> Stream:
    """Add one block's rows to their windows.

    The watermark follows credible times alone: one row of the year 2127 would make everybody else's late for ever.
    """
    grace = timedelta(seconds=limits.grace_s)
    parts, late = dict(stream.parts), stream.late_rows
    credible = [moment for moment in block.observed_at if _is_credible(moment, scored)]
    moments = [moment if _is_credible(moment, scored) else scored for moment in block.observed_at]
    for place, (window, rows) in enumerate(_by_window(moments, limits.window_s)):
        key = part_key(block.package, window)
        done = key in parts and parts[key].digest is not None
        if done or stream.is_past(window, grace) or place >= _MOST_WINDOWS:
            late += len(rows)
        else:
            parts[key] = _added(parts.get(key), block, window, rows, reference)
    newest = max((*credible, *([stream.watermark] if stream.watermark else ())), default=None)
    redated = stream.redated_rows + len(moments) - len(credible)
    return stream.model_copy(update={"parts": parts, "late_rows": late, "redated_rows": redated, "watermark": newest})


def _is_credible(moment: datetime, scored: datetime) -> bool:
    return -BEHIND <= moment - scored <= AHEAD


def _by_window(moments: Sequence[datetime], width_s: float) -> Iterator[tuple[Window, list[int]]]:
    """Newest first."""
    rows: dict[float, list[int]] = {}
    for row, moment in enumerate(moments):
        rows.setdefault(moment.timestamp() // width_s, []).append(row)
    for number in sorted(rows, reverse=True):
        yield window_of(moments[rows[number][0]], width_s), rows[number]


def _added(
    part: Part | None, block: PredictionsCaptured, window: Window, rows: list[int], reference: Reference
) -> Part:
    before = Profile.from_json(part.profile) if part and part.profile else Profile.empty(reference)
    columns = {**block.inputs, **block.outputs}
    after = before.fold(reference, {name: [cells[row] for row in rows] for name, cells in columns.items()})
    count = len(rows) + (part.rows if part else 0)
    return Part(package=block.package, window=window, rows=count, profile=after.to_json())


def complete(stream: Stream, grace_s: float) -> list[Part]:
    """Open parts whose window the watermark has passed, oldest first."""
    grace = timedelta(seconds=grace_s)
    passed = [part for part in stream.parts.values() if part.digest is None and stream.is_past(part.window, grace)]
    return sorted(passed, key=lambda part: (part.window.start, part.package.digest))


def published(stream: Stream, digests: Mapping[str, str]) -> Stream:
    """`digests` of the parts that were just published, by part key; late rows were reported with them."""
    parts = {
        key: part.model_copy(update={"digest": digests[key], "profile": None}) if key in digests else part
        for key, part in stream.parts.items()
    }
    done = sorted((part for part in parts.values() if part.digest), key=lambda part: part.window.start)
    for old in done[:-_PARTS_KEPT]:
        del parts[old.key]
    reported = {"late_rows": 0, "redated_rows": 0} if digests else {}
    return stream.model_copy(update={"parts": parts, **reported})
