"""Counts of a model's answers over the bins of its own reference: what a canary compares with staging (F11)."""

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.model.predicted import PredictionCounts, reference_bins
from shared.profiles import Reference
from tests.support.onnx_models import package_files, parquet, sample_rows, tensors
from tests.support.scoring import Bench, output

CELLS = [row / 100 for row in range(100)]
BINS = reference_bins(parquet([{"prediction": cell} for cell in CELLS]))


def test_the_bins_are_those_of_the_profile_that_staging_builds() -> None:
    reference = Reference.build({}, {}, prediction=("p", CELLS), labels=None, package="1" * 64)
    counts = PredictionCounts(BINS)
    counts.offer([np.array(CELLS, np.float32)])
    assert counts.buckets() == tuple(reference.columns["p"].buckets(reference.columns["p"].own))  # type: ignore[arg-type]


def test_missing_cells_and_cells_beyond_the_reference_have_buckets_of_their_own() -> None:
    counts = PredictionCounts(BINS)
    counts.offer([np.array([[0.001], [float("nan")], [7.0]], np.float32)])
    assert counts.buckets() == (1,) + (0,) * 9 + (1, 1)


@pytest.mark.parametrize(
    "body",
    [b"no parquet", parquet([{"other": 1.0}]), parquet([{"prediction": "yes"}]), parquet([{"prediction": None}])],
)
def test_a_reference_without_numbers_gives_no_counts(body: bytes) -> None:
    counts = PredictionCounts(reference_bins(body))
    counts.offer([np.zeros(5, np.float32)])
    assert counts.buckets() == ()


def test_what_waits_is_bounded_though_nobody_asks() -> None:
    counts = PredictionCounts(BINS)
    for _ in range(10_000):
        counts.offer([np.zeros(1, np.float32)])
    assert len(counts._waiting) < 500
    assert sum(counts.buckets()) == 10_000


@given(st.lists(st.lists(st.floats(width=32), min_size=1, max_size=5), max_size=8))
def test_runs_are_counted_together_as_they_would_be_one_by_one(runs: list[list[float]]) -> None:
    together, alone = PredictionCounts(BINS), PredictionCounts(BINS)
    for run in runs:
        together.offer([np.array(run, np.float32)])
        alone.offer([np.array(run, np.float32)])
        alone.buckets()
    assert together.buckets() == alone.buckets()


async def test_a_report_counts_every_row_that_was_answered(bench: Bench) -> None:
    answered = [await bench.ask(tensors(sample_rows(rows))) for rows in (3, 4)]
    values = [value for answer in answered for value in output(answer)]
    (version,) = bench.scorer.table.versions
    report = version.statistics.report()
    assert sum(report.predictions) == len(values) == report.rows == 7
    expected = PredictionCounts(reference_bins(package_files()["reference.parquet"]))
    expected.offer([np.array(values, np.float32)])
    assert report.predictions == expected.buckets()
    assert orjson.loads(BINS)["maximum"] == pytest.approx(0.99)
