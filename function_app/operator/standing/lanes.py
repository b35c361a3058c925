"""How far each lane is behind the hub that it reads, and which one stands still or was stopped, and why."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from function_app.operator.ledger.reading import Chains, read_chain
from services import deciding
from shared.adapters.azure.event_hubs.reader import EventHubReader
from shared.events import Entity, LaneStalled, Unreadable, from_cloud_event
from shared.events.system import SYSTEM
from shared.ports import Extent, Folds, Hub, HubReader, LaneBook, Positions, Refused, Stop, Unavailable
from shared.ports.records.positions import Place, Position, first_unseen
from shared.reactor.lanes import lanes_of, readers_of
from shared.settings.operator import NoSettings, OperatorSettings

_READ: tuple[Hub, ...] = ("inbound", "events", "decisions", "predictions", "labels")
# Reader, hub and partition, as a `Place` has them; a fact that was recorded may name a hub that no longer is one.
type Where = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Behind:
    """`messages` between the stored position and the hub's end, None where that is not to be had: `missing` says why.

    `stalled` is what control last said of the message at which it stands, until it has passed that. What concerns
    nobody in a lane is not noted at once: a lane that is idle may seem up to 30 s behind.
    """

    place: Place
    messages: int | None
    missing: str = ""
    stop: Stop | None = None
    stalled: LaneStalled | None = None


def lane_names() -> set[str]:
    return set(lanes_of(deciding()))


def hub_reader(found: OperatorSettings, timeout_s: float = 20) -> HubReader:
    """Of those hubs that settings name."""
    connections: dict[Hub, str] = {}
    for hub in _READ:
        with suppress(NoSettings):
            connections[hub] = found.hub(hub)
    return EventHubReader(connections, dict.fromkeys(_READ, found.observers), timeout_s)


async def lanes(
    positions: Positions, folds: Folds, book: LaneBook, ledger: Chains, hubs: HubReader
) -> Sequence[Behind]:
    """Of every reader of every hub partition, also where it has handled nothing yet. Raises `Unavailable`."""
    written = {place: position async for place, position in positions.all()}
    readers = sorted(set(_declared()) | {(place.reader, place.hub) for place in written})
    names = sorted(lane_names())
    stops = dict(zip(names, await asyncio.gather(*map(book.stopped, names)), strict=True))
    said = await _said(ledger, {reader for reader, _ in readers})
    extents = await _extents(hubs, {hub for _, hub in readers})
    places = [place for reader, hub in readers for place in _places(reader, hub, extents[hub], written)]

    async def look(place: Place) -> Behind:
        position = written.get(place) or await folds.position(place)
        return _behind(place, position, stops.get(place.reader), said.get(place), extents[place.hub])

    return await asyncio.gather(*map(look, places))


def _declared() -> Iterator[tuple[str, Hub]]:
    """Who reads which hub in this build: lanes, folds, and what translates."""
    yield "intake", "inbound"
    yield from readers_of(deciding())


async def _extents(hubs: HubReader, wanted: Iterable[Hub]) -> Mapping[Hub, Extent | str]:
    """One question for each hub; why there is no answer, where there is none."""

    async def ask(hub: Hub) -> Extent | str:
        try:
            return await hubs.extent(hub)
        except (Unavailable, Refused) as error:
            return str(error)

    asked = sorted(wanted)
    return dict(zip(asked, await asyncio.gather(*map(ask, asked)), strict=True))


def _places(reader: str, hub: Hub, extent: Extent | str, written: Iterable[Place]) -> Sequence[Place]:
    """The hub's partitions; those of them that are known, and the first in any case, where the hub does not answer."""
    if isinstance(extent, Extent):
        return [Place(reader, hub, partition) for partition in sorted(extent.held)]
    return sorted({Place(reader, hub, 0), *(place for place in written if (place.reader, place.hub) == (reader, hub))})


def _behind(
    place: Place, position: Position | None, stop: Stop | None, last: LaneStalled | None, extent: Extent | str
) -> Behind:  # fmt: skip
    stalled = last if last and (position is None or last.sequence > position.sequence) else None
    if isinstance(extent, str):
        return Behind(place, None, extent, stop, stalled)
    held = extent.held[place.partition]
    return Behind(place, max(held.stop - first_unseen(position, extent.epoch, held), 0), "", stop, stalled)


async def _said(ledger: Chains, readers: Iterable[str]) -> Mapping[Where, LaneStalled]:
    """The last that control said of each place where a reader stood, from the chains of those who tell people."""
    tellers = [name for name, service in deciding().items() if LaneStalled in service.reactions]
    about = [(teller, Entity.of(SYSTEM, "lane", reader)) for teller in tellers for reader in sorted(readers)]
    found: dict[Where, LaneStalled] = {}
    for chain in await asyncio.gather(*(read_chain(ledger, *each) for each in about)):
        for progress in chain.entries:
            with suppress(Unreadable):
                event = from_cloud_event(progress.entry.event).data
                if isinstance(event, LaneStalled):
                    found[event.lane, event.hub, event.partition] = event
    return found
