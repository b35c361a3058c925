"""Writes what follows from the services' own folders: `python -m tests.architecture.declarations`.

`docs/services.md` says who reacts to what, `infra/streams.json` who reads which hub. Templates and local system take
their consumer groups from the latter, so that they know no service by name.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from services import deciding
from shared.events import Event
from shared.ports import back_group
from shared.reactor import Lane, Service, lanes_of, readers_of
from tests.architecture.tree import ROOT

PAGE, STREAMS = ROOT / "docs" / "services.md", ROOT / "infra" / "streams.json"
SERVICES = deciding()
LANES = lanes_of(SERVICES)
# Read by what is no deciding service: translation, and people and tests, who have a group of their own on each hub.
_TRANSLATED = {"inbound": ("intake",)}
_HUBS = ("inbound", "events", "decisions", "predictions", "labels", "dead-letter")
_PARTITIONS = 2
_PEOPLE = "observers"
_HEAD = """# Services

What each service reacts to, and which events may follow; anything else is refused before it is sent. A lane reads a hub
for several services: it is one function of the control app, and one consumer group. This page is generated from the
declarations in `services/*/reactions.py` by `python -m tests.architecture.declarations`.
"""


def streams() -> dict[str, dict[str, object]]:
    """Each hub with its partitions and consumer groups: each reader's for its trigger, and for reading back."""
    return {hub: {"partitions": _PARTITIONS, "consumerGroups": [*_groups(hub), _PEOPLE]} for hub in _HUBS}


def _groups(hub: str) -> Iterator[str]:
    for reader in _readers(hub):
        yield from (reader, back_group(reader))


def _readers(hub: str) -> Iterator[str]:
    yield from _TRANSLATED.get(hub, ())
    yield from sorted(reader for reader, read in readers_of(SERVICES) if read == hub)


def page() -> str:
    return "\n".join([_HEAD, _lanes(LANES), *(_section(service) for service in SERVICES.values())])


def _lanes(lanes: Mapping[str, Lane]) -> str:
    rows = [f"| {name} | `{lane.hub}` | {', '.join(sorted(lane.services))} |" for name, lane in sorted(lanes.items())]
    return "\n".join(["| lane | reads hub | for |", "| --- | --- | --- |", *rows, ""])


def _section(service: Service) -> str:
    rows = [f"| {_name(event)} | {_names(reaction.emits)} |" for event, reaction in service.reactions.items()]
    folds = ", ".join(f"`{hub}`" for hub in service.folds)
    tail = [f"\nFolds rows of hub {folds}."] if folds else []
    place = f"In lane {service.lane} of app {service.app}.\n" if service.lane else f"In app {service.app}."
    table = ["| reacts to | may emit |", "| --- | --- |", *rows] if rows else []
    return "\n".join([f"## {service.name}\n", place, *table, *tail, ""])


def _name(event_type: type[Event]) -> str:
    return f"`{event_type.type}`"


def _names(event_types: frozenset[type[Event]]) -> str:
    return ", ".join(sorted(map(_name, event_types))) or "nothing"


def files() -> dict[Path, str]:
    """What each generated file must hold."""
    return {PAGE: page(), STREAMS: json.dumps(streams(), indent=2) + "\n"}


def write() -> None:
    for path, text in files().items():
        path.write_text(text)


if __name__ == "__main__":
    write()
