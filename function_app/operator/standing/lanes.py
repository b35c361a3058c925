"""How far each lane is behind the hub that it reads, and which one was stopped."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services import deciding
from shared.ports import HubReader, LaneBook, Positions, Stop, Unavailable
from shared.ports.records.positions import Place, Position
from shared.reactor.lanes import lanes_of


@dataclass(frozen=True, slots=True)
class Behind:
    """`messages` between the stored position and the hub's end, None where that is not to be had: `missing` says why.

    What concerns nobody in a lane is not noted at once: a lane that is idle may seem up to 30 s behind.
    """

    place: Place
    messages: int | None
    missing: str = ""
    stop: Stop | None = None


def lane_names() -> set[str]:
    return set(lanes_of(deciding()))


async def lanes(positions: Positions, book: LaneBook, hubs: HubReader) -> Sequence[Behind]:
    """Of every reader that has a position, folds and translation included. Raises `Unavailable`."""
    found = sorted([(place, position) async for place, position in positions.all()])
    names = sorted(lane_names())
    stops = dict(zip(names, await asyncio.gather(*map(book.stopped, names)), strict=True))
    return await asyncio.gather(*(_behind(place, position, stops, hubs) for place, position in found))


async def _behind(place: Place, position: Position, stops: Mapping[str, Stop | None], hubs: HubReader) -> Behind:
    stop = stops.get(place.reader)
    try:
        held = await hubs.held(place.hub, place.partition)
    except Unavailable as error:
        return Behind(place, None, str(error), stop)
    return Behind(place, max(held.stop - 1 - position.sequence, 0), "", stop)
