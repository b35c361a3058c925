"""Why something happened: the way back from an event to the first one, across hubs and across Azure ML."""

from collections.abc import Iterable
from typing import Any

from infra.demo.observer import CloudEvent, Observer


class BrokenChain(Exception):
    """An event names a cause that is on no hub; the message names both."""


def by_id(observer: Observer) -> dict[str, CloudEvent]:
    return {event["id"]: event for events in observer.seen.values() for event in events}


def cause(event: CloudEvent) -> str | None:
    """The id of what led to this event. Azure's own events have none; where Sluice asked, its tags travel in them."""
    if event.get("causationid"):
        return str(event["causationid"])
    data = event.get("data", {})
    tags: dict[str, Any] = data.get("ModelTags") or data.get("runTags") or {}
    return tags.get("sluice-causationid")


def way_to(event: CloudEvent, known: dict[str, CloudEvent]) -> list[CloudEvent]:
    """From the first event of all to `event`; raises `BrokenChain`."""
    way = [event]
    while earlier := cause(way[-1]):
        if earlier not in known:
            raise BrokenChain(f"{way[-1]['type']} {way[-1]['id']} names {earlier}, which is on no hub")
        way.append(known[earlier])
    return way[::-1]


def closure(events: Iterable[CloudEvent], known: dict[str, CloudEvent]) -> list[CloudEvent]:
    """These events and everything that led to them, in order of time; raises `BrokenChain`."""
    found: dict[str, CloudEvent] = {}
    for event in events:
        for step in way_to(event, known):
            found[step["id"]] = step
    return sorted(found.values(), key=lambda event: str(event["time"]))
