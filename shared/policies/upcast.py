"""Documents of version 1 as version 2 spells them: some limits have moved into sections that several services read."""

from collections.abc import Container, Mapping
from copy import deepcopy
from typing import Any

from shared.events.workspaces import STAGES, Workspace
from shared.policies.layers import Path, says

# Within `defaults` and within an endpoint's `limits`: where a field stood, and where it stands.
MOVED: tuple[tuple[Path, Path], ...] = (
    (("approvals", "personas"), ("people", "personas")),
    (("approvals", "expires_after_s"), ("people", "expires_after_s")),
    (("staging", "suite", "golden_tolerance"), ("golden", "tolerance")),
    (("monitoring", "performance_timeout_s"), ("monitoring", "timeout_s")),
)
# The join of labels ran by the limits of staging.
_SHARED = ("compute", "environment", "look_every_s")


def to_version_2(document: Mapping[str, Any]) -> dict[str, Any]:
    """A document that says no version is of the first one, whose names no longer exist in the second."""
    if document.get("version", 1) != 1:
        return dict(document)
    data: dict[str, Any] = {**deepcopy(dict(document)), "version": 2}
    for limits in _limits(data):
        _upcast(limits)
    workspaces = data.get("workspaces")
    if _is_by_stage(workspaces):
        data["inventory"] = [each.model_dump() for each in Workspace.by_stage(data.pop("workspaces"))]
    return data


def _limits(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    endpoints = data.get("endpoints")
    listed = endpoints.values() if isinstance(endpoints, dict) else ()
    found = [data.get("defaults"), *(each.get("limits") for each in listed if isinstance(each, dict))]
    return [limits for limits in found if isinstance(limits, dict)]


def _is_by_stage(workspaces: object) -> bool:
    """`workspaces: {production: /subscriptions/...}`; in version 2 it says limits by stage or id."""
    return (
        isinstance(workspaces, Mapping)
        and set(workspaces) <= set(STAGES)
        and bool(workspaces)
        and all(isinstance(each, str) for each in workspaces.values())
    )


def _upcast(limits: dict[str, Any]) -> None:
    staging = limits.get("staging")
    for name in _SHARED:
        if isinstance(staging, dict) and name in staging and not says(limits, ("monitoring", name)):
            _put(limits, ("monitoring", name), staging[name])
    for before, after in MOVED:
        if says(limits, before) and not says(limits, after):
            _put(limits, after, _take(limits, before))


def _take(limits: dict[str, Any], path: Path) -> Any:
    *rooms, name = path
    for room in rooms:
        limits = limits[room]
    return limits.pop(name)


def _put(limits: dict[str, Any], path: Path, value: Any) -> None:
    *rooms, name = path
    for room in rooms:
        limits = limits.setdefault(room, {})
    if isinstance(limits, dict):
        limits[name] = value


def source_path(path: Path, known: Container[Path]) -> Path:
    """Where a document of version 1 says what version 2 has at this path; the path itself where nothing has moved."""
    layer, field = (path[:1], path[1:]) if path[:1] == ("defaults",) else (path[:3], path[3:])
    for before, after in (*MOVED, *((("staging", name), ("monitoring", name)) for name in _SHARED)):
        earlier = (*layer, *before, *field[len(after) :])
        if path not in known and field[: len(after)] == after and earlier in known:
            return earlier
    return path


def earlier_names(path: Path) -> tuple[str, ...]:
    """What version 1 knew beside the last name of this path and version 2 has moved away."""
    field = path[1:] if path[:1] == ("defaults",) else path[3:]
    return tuple(before[-1] for before, _ in MOVED if before[:-1] == field[:-1])
