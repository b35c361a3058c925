"""Rows of an endpoint that no measurement of their time holds: as monitoring's fold counts them in each partition."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from services.monitoring.unseen import by_reason
from services.monitoring.windows import Stream
from shared.events import Entity
from shared.ports import Folds, Manifest
from shared.reactor import folded_states

_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """`lost`: never captured; `unmonitored`: of a package without a profile; `strayed`: too late, or misdated.

    Of the first two `rows` are those of day `on`, the last on which there were any, and `why` is the reason or the
    package's digest. Rows that strayed are counted since the last look, `of` those that were looked at; `many`: the
    look before found more than policy allows.
    """

    kind: Literal["lost", "unmonitored", "strayed"]
    rows: int
    why: str = ""
    on: date | None = None
    of: int | None = None
    many: bool = False


async def unmeasured(folds: Folds, endpoints: Iterable[Entity]) -> Mapping[Entity, Sequence[Unmeasured]]:
    """Costs a call for each endpoint, and one for each partition of it. Raises `Unavailable` or `Refused`."""
    free = asyncio.Semaphore(_AT_ONCE)

    async def one(endpoint: Entity) -> tuple[Entity, Sequence[Unmeasured]]:
        async with free:
            streams = await folded_states(folds, "monitoring", "predictions", endpoint, Stream)
        return endpoint, summed([stream for stream in streams.values() if stream])

    return dict(await asyncio.gather(*map(one, endpoints)))


def summed(streams: Sequence[Stream]) -> Sequence[Unmeasured]:
    """All partitions together; the newest first."""
    found: dict[tuple[str, str], Unmeasured] = {}
    for stream in streams:
        for kind, why, counted in by_reason(stream.unseen):
            before = found.get((kind, why))
            same_day = before.rows if before and before.on == counted.on else 0
            if before is None or before.on is None or before.on <= counted.on:
                found[kind, why] = Unmeasured(kind, counted.rows + same_day, why, counted.on)
    days = sorted(found.values(), key=lambda each: (each.on or date.min, each.rows), reverse=True)
    return [*days, *_strayed(streams)]


def _strayed(streams: Sequence[Stream]) -> list[Unmeasured]:
    rows, looked = sum(stream.strayed for stream in streams), sum(stream.looked for stream in streams)
    many = any(stream.told for stream in streams)
    return [Unmeasured("strayed", rows, of=looked, many=many)] if rows or many else []


def named(package: str, manifest: Manifest) -> str:
    """A package's model where the manifest still names it, else the beginning of its digest."""
    routes = [*manifest.routes, *([manifest.previous] if manifest.previous else [])]
    known = {route.package.digest: str(route.package.model) for route in routes}
    return known.get(package, package[:8])
