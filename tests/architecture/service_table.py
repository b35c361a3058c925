"""Writes docs/services.md, who reacts to what: `python -m tests.architecture.service_table`."""

from pathlib import Path

from shared.events import Event
from shared.reactor import Service
from tests.architecture.tree import ROOT
from tests.support.world import SERVICES

PAGE = ROOT / "docs" / "services.md"
_HEAD = """# Services

What each service reacts to, and which events may follow; anything else is refused before it is sent. Every service has
a consumer group of its own on hub `events`. This page is generated from the declarations in `services/*/reactions.py`
by `python -m tests.architecture.service_table`.
"""


def page() -> str:
    return "\n".join([_HEAD, *(_section(service) for service in SERVICES.values())])


def _section(service: Service) -> str:
    rows = [f"| {_name(event)} | {_names(reaction.emits)} |" for event, reaction in service.reactions.items()]
    folds = ", ".join(f"`{hub}`" for hub in service.folds)
    tail = [f"\nFolds rows of hub {folds}."] if folds else []
    return "\n".join([f"## {service.name}\n", "| reacts to | may emit |", "| --- | --- |", *rows, *tail, ""])


def _name(event_type: type[Event]) -> str:
    return f"`{event_type.type}`"


def _names(event_types: frozenset[type[Event]]) -> str:
    return ", ".join(sorted(map(_name, event_types))) or "nothing"


def write(path: Path = PAGE) -> None:
    path.write_text(page())


if __name__ == "__main__":
    write()
