"""What the clock does about lives: old decisions go to the archive, dead letters and forgotten endpoints are deleted.

Whoever dies between any two calls leaves chains that are whole with what is archived: a piece is written first, then
head and rows change together. The worst that is left is a piece which nothing names.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Protocol

from shared.events import Entity
from shared.policies import Retention
from shared.ports import Archive, Cut, Folds, Ledger, LetterBook, Moved, Progress, Refused, Unavailable
from shared.reactor.archive_pieces import write_piece
from shared.reactor.recording import is_intact
from shared.reactor.ticking import Part

log = logging.getLogger("sluice.retention")
type Chain = tuple[str, Entity]

_EVERY = timedelta(hours=1)
_CHAINS_AT_ONCE = 16
_ROWS_AT_ONCE = 1000
# Well within what the timer gives a part.
_BUDGET_S = 30.0
# A month of a chain is archived together: a piece is a blob, and each is read to verify the chain.
_TOGETHER = timedelta(days=30)


def retention_parts(
    ledger: Ledger, archive: Archive, letters: LetterBook, folds: Folds, lives: Retention
) -> list[Part]:
    archiving = Archiving(ledger, archive, timedelta(days=lives.ledger_days))
    return [
        Part("archive", archiving.run, _EVERY),
        Part("old letters", forgetting(letters, ledger, timedelta(days=lives.letters_days)), _EVERY),
        Part("old folds", forgetting(folds, ledger, timedelta(days=lives.folds_days)), _EVERY),
    ]


class _Forgets(Protocol):
    async def forget(self, before: datetime, most: int) -> int: ...


def forgetting(rows: _Forgets, ledger: Ledger, life: timedelta) -> Callable[[], Awaitable[bool]]:
    """What deletes rows whose life is over by the store's clock, and says whether there are more."""

    async def run() -> bool:
        return await rows.forget(await ledger.time() - life, _ROWS_AT_ONCE) == _ROWS_AT_ONCE

    return run


class Archiving:
    """`life` of a decision in the ledger; `now` counts seconds, from anywhere."""

    def __init__(
        self, ledger: Ledger, archive: Archive, life: timedelta, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._ledger, self._archive, self._life, self._now = ledger, archive, life, now
        self._tried = set[Chain]()

    async def run(self) -> bool:
        """All chains with decisions a month over their life, as far as time allows; whether there are more.

        Raises `Unavailable`. A chain that cannot be archived is logged, and left to `sluice ledger verify`; one whose
        try was cut off is not tried again before all others had their turn.
        """
        over, end = await self._ledger.time() - self._life, self._now() + _BUDGET_S
        aged = (chain async for chain in self._ledger.aged(over - _TOGETHER) if chain not in self._tried)
        while some := await _next(aged, _CHAINS_AT_ONCE):
            self._tried.update(some)
            await asyncio.gather(*(self._chain(*chain, over) for chain in some))
            if self._now() >= end:
                return True
        self._tried.clear()
        return False

    async def _chain(self, service: str, entity: Entity, over: datetime) -> None:
        try:
            await self._shorten(service, entity, over)
        except Unavailable:
            raise
        except Moved:
            log.info("%s on %s moved on while it was archived", service, entity)
        except Exception:  # whatever is wrong with a chain holds no other one
            log.exception("%s on %s cannot be archived, and stays", service, entity)

    async def _shorten(self, service: str, entity: Entity, over: datetime) -> None:
        """Piece by piece. Raises `Refused` for a chain that does not hold in itself, since nobody could look again."""
        head = await self._ledger.head(service, entity)
        entries = [progress async for progress in self._ledger.entries(service, entity)]
        for position, progress in enumerate(entries, head.archived):
            if progress.entry.position != position or not is_intact(progress.entry):
                raise Refused(f"the entry at position {position} does not hold")
        left = [*takewhile(lambda progress: progress.settled and progress.entry.decided_at < over, entries)]
        behind = entries[len(left) :]
        while True:
            body, count = write_piece(left, head.piece or "") if left else (b"", 0)
            piece = await self._archive.keep(body) if left else head.piece or ""
            cut, left = left[:count], left[count:]
            head = await self._ledger.shorten(head, Cut(service, entity, cut, piece, _first([*left, *behind])))
            if not left:
                return


def _first(entries: list[Progress]) -> datetime | None:
    return entries[0].entry.decided_at if entries else None


async def _next(chains: AsyncIterator[Chain], most: int) -> list[Chain]:
    found: list[Chain] = []
    async for chain in chains:
        found.append(chain)
        if len(found) == most:
            break
    return found
