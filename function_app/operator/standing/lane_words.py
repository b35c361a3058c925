"""How far what reads the hubs has come, as a table and as JSON."""

from collections.abc import Sequence
from typing import Any

from function_app.operator.console import Grid, table
from function_app.operator.standing.lanes import Behind
from shared.events import LaneStalled
from shared.ports import Stop

_RIGHT = {"justify": "right"}


def lanes_table(found: Sequence[Behind]) -> Grid:
    """A row for each hub partition that a lane reads."""
    rows = [
        (
            each.place.reader,
            f"{each.place.hub}/{each.place.partition}",
            str(each.messages) if each.messages is not None else f"not to be had: {each.missing}",
            _why(each.stop, [each.stalled] if each.stalled else []),
        )
        for each in found
    ]
    return table(["lane", "reads", ("behind", _RIGHT), "held or stopped"], rows)


def lane_summary(found: Sequence[Behind]) -> Grid:
    """A row for each lane and hub, its partitions together."""
    of: dict[tuple[str, str], list[Behind]] = {}
    for each in found:
        of.setdefault((each.place.reader, each.place.hub), []).append(each)
    rows = [(lane, hub, _behind(parts), _why(parts[0].stop, _stalled(parts))) for (lane, hub), parts in of.items()]
    return table(["lane", "reads", ("behind", _RIGHT), "held or stopped"], rows)


def _behind(parts: Sequence[Behind]) -> str:
    """Of what could be asked; the rest is named."""
    missing = next((each.missing for each in parts if each.messages is None), "")
    known = [each.messages for each in parts if each.messages is not None]
    return "; ".join([*([str(sum(known))] if known else []), *([f"not to be had: {missing}"] if missing else [])])


def _stalled(parts: Sequence[Behind]) -> list[LaneStalled]:
    return [each.stalled for each in parts if each.stalled]


def _why(stop: Stop | None, stalled: Sequence[LaneStalled]) -> str:
    """With what lets a stopped lane go on; a stopped one stands because of that."""
    if stop:
        return f"stopped {stop.at:%m-%d %H:%M:%S}, build {stop.build}: {stop.reason} (`sluice lanes resume`)"
    return "; ".join(map(_stands, stalled)) or "-"


def _stands(each: LaneStalled) -> str:
    return f"held at {each.partition}#{each.sequence} since {each.since:%m-%d %H:%M}: {each.reason}"


def lane_json(each: Behind) -> dict[str, Any]:
    stop = {"at": each.stop.at.isoformat(), "build": each.stop.build, "reason": each.stop.reason} if each.stop else None
    return {
        "lane": each.place.reader,
        "hub": each.place.hub,
        "partition": each.place.partition,
        "behind": each.messages,
        "missing": each.missing,
        "stopped": stop,
        "held": each.stalled.model_dump(mode="json", include={"sequence", "since", "reason"}) if each.stalled else None,
    }
