"""Every event type by name: whatever the modules of this folder define, so that a new type is one module."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from shared.events.border import Unreadable
from shared.events.event import Event


@cache
def event_types() -> Mapping[str, type[Event]]:
    """Imports the whole folder at the first call. Raises `TypeError` when two types have one name."""
    found: dict[str, type[Event]] = {}
    for event_type in _defined():
        if event_type.type in found:
            raise TypeError(f"{event_type} and {found[event_type.type]} have one name: {event_type.type}")
        found[event_type.type] = event_type
    return found


def _defined() -> Iterator[type[Event]]:
    for module in iter_modules([str(Path(__file__).parent)], f"{__name__.rpartition('.')[0]}."):
        for member in vars(import_module(module.name)).values():
            if isinstance(member, type) and issubclass(member, Event) and _is_of(member, module.name):
                yield member


def _is_of(event_type: type[Event], module: str) -> bool:
    """Defined there, not imported; and a type, not the base of several."""
    return event_type.__module__ == module and "type" in vars(event_type)


def upcast(type_name: str, version: int, data: object) -> tuple[type[Event], Mapping[str, Any]]:
    """The class for this type, and the data brought up to its version; raises `Unreadable`."""
    event_type = event_types().get(type_name)
    if event_type is None:
        raise Unreadable(f"type: {type_name!r} is not in the catalogue")
    if not isinstance(data, Mapping):
        raise Unreadable("data: a JSON object is required")
    if not 1 <= version <= event_type.version:
        raise Unreadable(f"dataschema: version {version} of {type_name} is not one that this build knows")
    for before in range(version, event_type.version):
        data = _upcast(event_type, before, data)
    return event_type, data


def _upcast(event_type: type[Event], version: int, data: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        return event_type.upcasters[version](data)
    except Exception as error:  # outside text: whatever an upcaster makes of it
        raise Unreadable(f"data: version {version} of {event_type.type} cannot be brought up: {error!r}") from error
