"""What was answered is counted and captured after its answers have left: many runs together cost little more than one.

Used from one event loop, the scoring one.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from services.scoring.capture.buffer import CaptureBuffer
from services.scoring.capture.scored import joined_outputs, kind_of
from services.scoring.model.version import Version
from services.scoring.protocol import InferRequest
from services.scoring.protocol.layout import WIDEST
from shared.ports.models.inference import Array

# So many runs or rows, or the first of them after so long: they are settled in the next turn of the loop. Were they
# kept for longer, their small arrays would make the requests after them take memory that the processor's caches do not
# hold, which cost a fifth of the throughput at 32 connections.
_RUNS, _ROWS, _WITHIN_S = 32, 500, 0.05


@dataclass
class AnsweredRun:
    """One run of the model: `arrays` are the layout's blocks, `ended_ns` is when its last request had its answer."""

    version: Version
    requests: Sequence[InferRequest]
    arrays: Sequence[Array]
    outputs: Sequence[Array]
    rows: int
    ended_ns: int


class Accounts:
    """`settle` is for those who must see everything at once; otherwise it happens by itself."""

    def __init__(self, capture: CaptureBuffer) -> None:
        self._capture = capture
        self._runs: list[AnsweredRun] = []
        self._rows = 0
        self._due: asyncio.Handle | None = None
        self._is_full = False

    def add(self, run: AnsweredRun) -> None:
        if not run.version.is_slim:
            run.outputs = run.version.watch.kept(run.outputs)  # of what is too wide to be kept for later
            _let_go_of_wide(run)
        for request in run.requests:
            request.arrays = []  # they are in those of the run, perhaps as copies
        self._runs.append(run)
        self._rows += run.rows
        if self._due is None:
            self._due = asyncio.get_running_loop().call_later(_WITHIN_S, self.settle)
        if not self._is_full and (len(self._runs) >= _RUNS or self._rows >= _ROWS):
            self._is_full = True
            asyncio.get_running_loop().call_soon(self.settle)

    def settle(self) -> None:
        runs, self._runs, self._rows, self._is_full = self._runs, [], 0, False
        if self._due is not None:
            self._due.cancel()
            self._due = None
        for same in _by_kind(runs):
            self._count(same)

    def _count(self, runs: Sequence[AnsweredRun]) -> None:
        version = runs[0].version
        times_ns = [run.ended_ns - request.began_ns for run in runs for request in run.requests]
        version.statistics.served(sum([run.rows for run in runs]), times_ns)
        outputs: Sequence[Array] = joined_outputs([run.outputs for run in runs])
        if version.is_slim:
            outputs = version.watch.kept(outputs)
        version.statistics.predictions.offer(outputs)
        if self._capture.sampling:
            arrays = version.layout.join([run.arrays for run in runs])
            self._capture.offer(version, [request for run in runs for request in run.requests], arrays, outputs)


def _let_go_of_wide(run: AnsweredRun) -> None:
    """What is too wide to be captured is not held either: what waits is bounded in rows, however large those are."""
    layout = run.version.layout
    run.arrays = [
        _slim(array) if block.wide and block.specs[0].name not in layout.matrices else array
        for block, array in zip(layout.blocks, run.arrays, strict=True)
    ]
    run.outputs = [_slim(output) for output in run.outputs]


def _slim(array: Array) -> Array:
    return array if array.size <= len(array) * WIDEST else np.empty((len(array), 0), array.dtype)


def _by_kind(runs: Sequence[AnsweredRun]) -> Iterable[Sequence[AnsweredRun]]:
    """Those whose arrays can be joined."""
    found: dict[object, list[AnsweredRun]] = {}
    for run in runs:
        found.setdefault(kind_of(run.version, run.arrays, run.outputs), []).append(run)
    return found.values()
