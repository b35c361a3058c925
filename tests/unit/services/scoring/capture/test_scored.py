"""Rows that were scored lose nothing and mix up nothing, however they are joined and cut (R022)."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.capture import blocks
from services.scoring.capture.buffer import CaptureBuffer
from services.scoring.model.version import Version
from services.scoring.protocol import InferRequest
from shared.adapters.memory import ManualClock
from tests.support.onnx_models import ENDPOINT
from tests.support.scoring import wide_bench

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
SAYING = st.sampled_from(["nothing", "id", "keys", "times"])
SINGLES = st.integers(1, 6).map(lambda requests: [(1, "nothing")] * requests)
MIXED = st.lists(st.tuples(st.integers(1, 4), SAYING), min_size=1, max_size=4)
RUNS = st.lists(SINGLES | MIXED, min_size=1, max_size=8)


@cache
def version_of(width: int) -> Version:
    (found,) = asyncio.run(wide_bench(width)).scorer.table.versions
    return found


def request(name: int, rows: int, says: str) -> InferRequest:
    found = InferRequest(f"r{name}" if says == "id" else "", rows, [])
    found.keys = [f"k{name}.{row}" for row in range(rows)] if says == "keys" else None
    found.observed_at = [NOW - timedelta(days=name, hours=row) for row in range(rows)] if says == "times" else None
    return found


def keys_of(name: int, rows: int, says: str) -> list[str]:
    stem = f"r{name}" if says == "id" else f"one-{name}"
    return [f"k{name}.{row}" if says == "keys" else f"{stem}-{row}" for row in range(rows)]


def offer(buffer: CaptureBuffer, version: Version, requests: Sequence[InferRequest], first_value: int) -> int:
    rows = sum(each.rows for each in requests)
    values = np.arange(first_value, first_value + rows, dtype=np.float32)
    buffer.offer(version, requests, [np.repeat(values[:, None], 2, axis=1)], [values])
    return rows


@given(runs=RUNS, most_rows=st.integers(1, 7), drained=st.integers(1, 40))
def test_joined_and_cut_rows_keep_their_keys_times_and_values(
    runs: list[list[tuple[int, str]]], most_rows: int, drained: int
) -> None:
    version, clock = version_of(2), ManualClock(NOW)
    buffer, names, rows = CaptureBuffer(clock), count(), 0
    expected: list[tuple[str, datetime]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "MOST_CELLS", most_rows * blocks._width(version))
        for run in runs:
            asked = [(next(names), *each) for each in run]
            rows += offer(buffer, version, [request(*each) for each in asked], rows)
            for name, size, says in asked:
                times = [NOW - timedelta(days=name, hours=row) for row in range(size)] if says == "times" else None
                expected += zip(keys_of(name, size, says), times or [clock.now()] * size, strict=True)
            clock.advance(timedelta(seconds=1))
        found = []
        while taken := buffer.drain(drained):
            found += [block.as_json() for block in blocks.blocks_of(ENDPOINT, "one", taken) if block is not None]
    read = [blocks.PredictionsCaptured.model_validate_json(each) for each in found]
    assert all(len(block.keys) <= most_rows for block in read)
    assert [row for block in read for row in zip(block.keys, block.observed_at, strict=True)] == expected
    assert [cell for block in read for cell in block.inputs["X[1]"]] == list(range(rows))
    assert [cell for block in read for cell in block.outputs["probability"]] == list(range(rows))
