"""Shadow traffic: a version that is asked what another one answers, and whose answers nobody sees.

A copy waits until the live requests of its turn are answered, and is then scored alone, one copy in a turn of the loop.
When more arrive than can be scored, copies are left out and counted; what goes wrong with one is counted, never told.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from time import perf_counter_ns

from services.scoring.model.version import Version
from services.scoring.protocol import check_numbers, decode
from services.scoring.protocol.answers import Invalid, Problem
from shared.ports.models.inference import InferenceFailed

logger = logging.getLogger("sluice.scoring")

_MOST_WAITING = 256
_MOST_ROWS = 10_000
_GOLDEN = 0.618033988749895  # see model.table: an even sample without randomness

type _Copy = tuple[Version, bytes, int | None]


class Shadows:
    """Used from one event loop. `left_out` counts the copies for which there was no room."""

    def __init__(self) -> None:
        self._waiting: deque[_Copy] = deque()
        self.left_out = 0

    def cast(
        self,
        mirrors: Sequence[tuple[Version, float]],
        turn: int,
        live: Version,
        body: bytes,
        header_length: int | None,
    ) -> None:
        """A copy of request number `turn` for every mirror of the same model whose percentage says so."""
        for version, percent in mirrors:
            if version is live or version.name != live.name or turn * _GOLDEN % 1.0 * 100 >= percent:
                continue
            if len(self._waiting) >= _MOST_WAITING:
                self.left_out += 1
                continue
            self._waiting.append((version, body, header_length))
            if len(self._waiting) == 1:
                asyncio.get_running_loop().call_soon(self._score_next)

    def _score_next(self) -> None:
        version, body, header_length = self._waiting.popleft()
        try:
            _score(version, body, header_length)
        except Exception:  # nobody waits for a mirrored copy: it is counted
            logger.exception("a mirrored copy could not be scored")
            version.statistics.failed("internal")
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._score_next)


def _score(version: Version, body: bytes, header_length: int | None) -> None:
    began_ns = perf_counter_ns()
    request = decode(version.layout, body, header_length, _MOST_ROWS)
    if isinstance(request, Problem):
        return version.statistics.failed("invalid")
    try:
        check_numbers(version.layout, request.arrays)
        version.session.run(version.layout.columns(request.arrays))
    except Invalid:
        return version.statistics.failed("invalid")
    except InferenceFailed:
        return version.statistics.failed("model")
    version.statistics.served(request.rows, [perf_counter_ns() - began_ns])
