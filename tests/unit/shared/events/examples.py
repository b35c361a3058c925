"""The catalogue's examples, decoded."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import shared.events
from shared.events import Envelope, Event, decode

FOLDER = Path(shared.events.__file__).parent / "examples"


def files() -> list[Path]:
    return sorted(FOLDER.rglob("*.json"))


def envelopes() -> Iterator[Envelope[Any]]:
    for path in files():
        yield decode(path.read_bytes())


def example[E: Event](event_type: type[E]) -> E:
    """The first example of this type."""
    return every_example(event_type)[0]


def every_example[E: Event](event_type: type[E]) -> list[E]:
    found = [envelope.data for envelope in envelopes() if type(envelope.data) is event_type]
    assert found, f"{event_type.__name__} has no example"
    return found
