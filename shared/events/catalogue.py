"""Every event type by name. Importing this module loads the whole catalogue."""

from collections.abc import Callable, Mapping
from typing import Any

from shared.events import (
    actions,
    approvals,
    batch,
    brakes,
    drift,
    jobs,
    models,
    monitoring,
    predictions,
    promotion,
    redrive,
    retraining,
    rollback,
    staging,
    system,
)
from shared.events.event import Event, Unreadable

_MODULES = (
    actions, approvals, batch, brakes, drift, jobs, models, monitoring, predictions, promotion, redrive, retraining,
    rollback, staging, system,
)  # fmt: skip

# (type, version it reads) -> the same data as of the next version
UPCASTERS: dict[tuple[str, int], Callable[[Mapping[str, Any]], Mapping[str, Any]]] = {
    ("mlops.predictions.captured", 1): lambda data: data,  # version 2 may pack columns, and need not
    ("mlops.predictions.captured", 2): lambda data: data,  # version 3 may have runs of keys and times, and need not
}


def _event_types() -> dict[str, type[Event]]:
    found: dict[str, type[Event]] = {}
    for module in _MODULES:
        for member in vars(module).values():
            if isinstance(member, type) and issubclass(member, Event) and "type" in vars(member):
                found[member.type] = member
    return found


EVENT_TYPES = _event_types()


def upcast(type_name: str, version: int, data: object) -> tuple[type[Event], Mapping[str, Any]]:
    """The class for this type, and the data brought up to its version; raises `Unreadable`."""
    event_type = EVENT_TYPES.get(type_name)
    if event_type is None:
        raise Unreadable(f"type: {type_name!r} is not in the catalogue")
    if not isinstance(data, Mapping):
        raise Unreadable("data: a JSON object is required")
    if version > event_type.version:
        raise Unreadable(f"dataschema: version {version} of {type_name} is newer than this build knows")
    while version < event_type.version:
        data, version = UPCASTERS[type_name, version](data), version + 1
    return event_type, data
