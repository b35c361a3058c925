"""The performance job, and the join it rests on."""

from collections.abc import Iterable
from datetime import UTC, datetime

import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from function_app.jobs.rows import Join, LabelledRows, Wanted, is_binary, latest_labels
from infra.pipelines.flights.model import predict
from shared.events import Label, LabelsRecorded, PackageRef, PredictionsCaptured, Window
from shared.packages import PerformanceRequestBody
from tests.unit.jobs import material
from tests.unit.jobs.conftest import Bench, Flights

MAY = Window(start=datetime(2013, 5, 1, tzinfo=UTC), end=datetime(2013, 5, 8, tzinfo=UTC))
WHERE = material.endpoint("join")
PACKAGE = material.package_ref(material.small_package())


def captures(*keys: str, day: int = 2) -> PredictionsCaptured:
    at = datetime(2013, 5, day, tzinfo=UTC)
    cells = tuple(float(number) for number in range(len(keys)))
    return PredictionsCaptured(
        endpoint=WHERE,
        package=PACKAGE,
        keys=keys,
        observed_at=(at,) * len(keys),
        inputs={"x": cells},
        outputs={"probability": cells},
    )


def labels(day: int, **truth: Label) -> LabelsRecorded:
    at = (datetime(2013, 5, day, tzinfo=UTC),) * len(truth)
    return LabelsRecorded(endpoint=WHERE, keys=tuple(truth), labels=tuple(truth.values()), observed_at=at)


async def test_the_window_is_measured_on_what_was_answered_then(
    bench: Bench, flights: Flights, may: pd.DataFrame
) -> None:
    where = material.endpoint("performance")
    package = await bench.adopt(flights.first)
    await bench.replay(where, package, flights.first, may)
    request = PerformanceRequestBody(endpoint=where, package=package, window=MAY)
    report = await bench.run("performance", request, "performance-1")
    week = may[may["observed_at"] < pd.Timestamp(MAY.end)]
    expected = roc_auc_score(week["late"], predict(flights.first["model.onnx"], week)[1])
    assert report["rows"] == report["captured"] == len(week)
    assert report["metrics"]["roc_auc"] == pytest.approx(expected)
    assert set(report["metrics"]) == {"roc_auc", "log_loss", "brier", "accuracy", "positive_rate"}
    assert report["baseline"]["rows"] > 0


async def test_a_window_without_labels_has_no_metrics(bench: Bench, flights: Flights) -> None:
    package = await bench.adopt(flights.first)
    request = PerformanceRequestBody(endpoint=material.endpoint("silent"), package=package, window=MAY)
    report = await bench.run("performance", request, "performance-2")
    assert (report["rows"], report["metrics"]) == (0, {})


def test_the_latest_label_of_a_key_holds() -> None:
    blocks = [labels(4, a=1.0), labels(3, a=0.0, b=0.0), labels(5, b=1.0)]
    assert latest_labels(blocks, is_binary) == {"a": 1, "b": 1}


def test_a_label_that_answers_no_yes_or_no_question_is_left_out() -> None:
    told = [labels(4, a=0.5, b=1.0, c="late", d=(1.0, 0.0), e="1")]
    assert latest_labels(told, is_binary) == {"b": 1, "e": "1"}


def test_labels_of_any_kind_are_joined_as_they_came_where_they_are_the_truth() -> None:
    truth = [labels(4, a="versicolor", b=(310.0, None), c=2.5)]
    rows = join([captures("a", "b", "c")], truth)
    assert rows.labels == ["versicolor", (310.0, None), 2.5]
    only_texts = Join(Wanted(["x"], MAY.start), truth, lambda label: isinstance(label, str))
    only_texts.add(captures("a", "b", "c"))
    assert only_texts.rows().labels == ["versicolor"]


def join(
    blocks: Iterable[PredictionsCaptured], truth: Iterable[LabelsRecorded], package: PackageRef | None = None,
    until: datetime | None = None, newest: int | None = None,
) -> LabelledRows:  # fmt: skip
    found = Join(Wanted(["x"], MAY.start, until, package, newest), truth)
    for block in blocks:
        found.add(block)
    return found.rows()


def test_a_row_that_was_captured_twice_counts_once() -> None:
    rows = join([captures("a", "b"), captures("b", "c")], [labels(4, a=0.0, b=1.0)])
    assert (rows.captured, len(rows)) == (3, 2)


def test_rows_outside_of_the_span_and_of_other_packages_are_left_out() -> None:
    blocks = [captures("a"), captures("b", day=20)]
    truth = [labels(4, a=1.0, b=1.0)]
    assert len(join(blocks, truth, until=MAY.end)) == 1
    other = material.package_ref(material.small_package(), version="9")
    assert len(join(blocks, truth, package=other)) == 0


def test_only_the_newest_rows_are_kept_where_there_are_too_many() -> None:
    rows = join([captures("a"), captures("b", day=3)], [labels(4, a=0.0, b=1.0)], newest=1)
    assert rows.labels == [1.0]
