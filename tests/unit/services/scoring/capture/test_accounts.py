"""What was answered is counted and captured soon after, many runs together, and nothing of it is lost (F22)."""

import asyncio

import numpy as np
import pytest
from pydantic_core import to_json

from services.scoring.capture import accounts
from services.scoring.capture.accounts import _RUNS
from shared.events import PredictionsCaptured
from tests.support.eventually import aeventually
from tests.support.onnx_models import sample_rows, tensors
from tests.support.scoring import Bench, wide_bench
from tests.unit.services.scoring.sending import heard, outgoing

ONE = to_json(tensors(sample_rows(1)))


async def test_an_answer_that_is_the_last_for_long_is_counted_and_captured_by_itself(bench: Bench) -> None:
    await bench.scorer.infer("flights", None, ONE)
    (version,) = bench.scorer.table.versions
    assert (version.statistics.requests, bench.capture.waiting_rows) == (0, 0)

    async def counted() -> bool:
        return (version.statistics.requests, bench.capture.waiting_rows) == (1, 1)

    await aeventually(counted, every_s=0.005)


async def test_as_many_runs_as_are_counted_together_are_counted_in_the_next_turn(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "_WITHIN_S", 3600)  # not because time is up
    (version,) = bench.scorer.table.versions
    for _ in range(_RUNS):
        assert version.statistics.requests == 0
        await bench.scorer.infer("flights", None, ONE)
    await asyncio.sleep(0)
    assert version.statistics.requests == version.statistics.rows == sum(version.statistics.buckets) == _RUNS
    assert bench.capture.waiting_rows == _RUNS


async def test_every_request_counts_with_its_own_time_whatever_it_shares(bench: Bench) -> None:
    for size in (1, 3, 2):
        rows = [to_json(tensors(sample_rows(size, seed))) for seed in range(size)]
        await asyncio.gather(*(bench.scorer.infer("flights", None, each) for each in rows))
    bench.scorer.settle()
    (version,) = bench.scorer.table.versions
    counts = version.statistics
    assert (counts.requests, counts.rows, sum(counts.buckets)) == (6, 1 + 9 + 4, 6)
    assert counts.latency_us > 0
    await outgoing(bench).flush(bench.capture)
    (block,) = heard(bench, PredictionsCaptured)
    sent = [row for size in (1, 3, 2) for seed in range(size) for row in sample_rows(size, seed)]
    assert block.inputs["distance"] == pytest.approx([row["distance"] for row in sent], rel=1e-6)


async def test_what_is_too_wide_to_be_captured_is_not_held_until_it_is_counted() -> None:
    bench = await wide_bench(100)
    body = {"inputs": [{"name": "X", "datatype": "FP32", "shape": [1, 100], "data": [1] * 100}]}
    await bench.scorer.infer("flights", None, to_json(body))
    (run,) = bench.scorer._accounts._runs
    held = [*run.arrays, *(array for request in run.requests for array in request.arrays)]
    assert [array.size for array in held] == [0]


async def test_rows_of_different_widths_are_counted_together_and_captured_apart() -> None:
    bench = await wide_bench(3, is_free=True)
    for width in (3, 2, 3):
        body = {"inputs": [{"name": "X", "datatype": "FP32", "shape": [1, width], "data": list(range(width))}]}
        answer = await bench.scorer.infer("flights", None, to_json(body))
        assert answer.status == 200
    bench.scorer.settle()
    (version,) = bench.scorer.table.versions
    assert version.statistics.requests == 3
    await outgoing(bench).flush(bench.capture)
    blocks = heard(bench, PredictionsCaptured)
    assert [(len(block.keys), sorted(block.inputs)) for block in blocks] == [
        (2, ["X[0]", "X[1]", "X[2]"]),
        (1, ["X[0]", "X[1]"]),
    ]
    assert np.concatenate([block.outputs["probability"] for block in blocks]).tolist() == [1.0, 1.0, 0.5]
