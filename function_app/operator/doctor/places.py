"""Where readers stand, and what their hubs hold: positions of lanes and of translation, and those of folds."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from function_app.operator.doctor.patient import Patient
from services import deciding
from shared.ports import Hub, Place, Position
from shared.ports.records.positions import first_unseen


@dataclass(frozen=True, slots=True)
class Stand:
    """`position` was read before `held`, the numbers that the hub has: so it can only lie behind, in the same epoch."""

    place: Place
    position: Position
    held: range
    epoch: str
    is_fold: bool

    @property
    def is_of_this_log(self) -> bool:
        return self.position.is_of(self.epoch)

    @property
    def is_beyond(self) -> bool:
        return self.is_of_this_log and self.position.sequence >= self.held.stop

    @property
    def next(self) -> int | None:
        """The first number that was not handled yet; None where everything was."""
        first = first_unseen(self.position, self.epoch, self.held)
        return first if first < self.held.stop else None

    def __str__(self) -> str:
        return f"{self.place.reader} in {self.place.hub}/{self.place.partition}"


async def stands(patient: Patient) -> Sequence[Stand]:
    """Of all readers that have a position, in the hubs that can be looked at. Raises `Unavailable`."""
    lanes = [(place, position, False) async for place, position in patient.positions.all()]
    folds = [(place, position, True) for place, position in await _folds(patient)]
    found = sorted((each for each in [*lanes, *folds] if each[0].hub in patient.readable), key=lambda each: each[0])
    hubs = sorted({place.hub for place, *_ in found})
    epochs = dict(zip(hubs, await asyncio.gather(*map(patient.reader.epoch, hubs)), strict=True))
    held = await _held(patient, {(place.hub, place.partition) for place, *_ in found})
    return [
        Stand(place, position, held[place.hub, place.partition], epochs[place.hub], is_fold)
        for place, position, is_fold in found
    ]


async def _folds(patient: Patient) -> list[tuple[Place, Position]]:
    places = [
        Place(service.name, hub, partition)
        for service in deciding().values()
        for hub in service.folds
        for partition in range(patient.streams[hub].partitions)
    ]
    found = await asyncio.gather(*map(patient.folds.position, places))
    return [(place, position) for place, position in zip(places, found, strict=True) if position]


async def _held(patient: Patient, wanted: set[tuple[Hub, int]]) -> dict[tuple[Hub, int], range]:
    """One question for each partition, however many readers it has."""
    asked = sorted(wanted)
    found = await asyncio.gather(*(patient.reader.held(hub, partition) for hub, partition in asked))
    return dict(zip(asked, found, strict=True))
