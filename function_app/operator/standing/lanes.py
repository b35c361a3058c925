"""How far each lane is behind the hub that it reads, and which one stands still or was stopped, and why."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from function_app.operator.ledger.reading import Chains, read_chain
from services import deciding
from shared.adapters.azure.event_hubs.reader import EventHubReader
from shared.events import Entity, LaneStalled, Unreadable, from_cloud_event
from shared.events.system import SYSTEM
from shared.ports import Hub, HubReader, LaneBook, Positions, Refused, Stop, Unavailable
from shared.ports.records.positions import Place, Position
from shared.reactor.lanes import lanes_of
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


async def lanes(positions: Positions, book: LaneBook, ledger: Chains, hubs: HubReader) -> Sequence[Behind]:
    """Of every reader that has a position, folds and translation included. Raises `Unavailable`."""
    found = sorted([(place, position) async for place, position in positions.all()])
    names = sorted(lane_names())
    stops = dict(zip(names, await asyncio.gather(*map(book.stopped, names)), strict=True))
    said = await _said(ledger, {place.reader for place, _ in found})
    return await asyncio.gather(*(_behind(place, position, stops, said, hubs) for place, position in found))


async def _behind(
    place: Place, position: Position, stops: Mapping[str, Stop | None], said: Mapping[Where, LaneStalled],
    hubs: HubReader,
) -> Behind:  # fmt: skip
    stop, last = stops.get(place.reader), said.get(place)
    stalled = last if last and last.sequence > position.sequence else None
    try:
        held = await hubs.held(place.hub, place.partition)
    except (Unavailable, Refused) as error:
        return Behind(place, None, str(error), stop, stalled)
    return Behind(place, max(held.stop - 1 - position.sequence, 0), "", stop, stalled)


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
