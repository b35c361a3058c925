"""Single checks on planted cases."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from function_app.jobs.metrics import classifier_metrics, roc_auc_difference
from function_app.jobs.rows import Join, Wanted
from function_app.jobs.sandbox import Sandbox
from function_app.jobs.staging.bias import Judged, compare
from function_app.jobs.staging.graph import check_finite, check_tensors
from function_app.jobs.staging.results import at_least, not_worse, verdict_of
from function_app.jobs.staging.subject import Subject, Tables, run_candidate
from shared.events.staging import CheckResult
from shared.packages import SuiteLimits, read_package
from tests.unit.jobs import material

RANDOM = np.random.default_rng(3)


def subject(files: dict[str, bytes]) -> Subject:
    package = read_package(files)
    none = Join(Wanted(["x"], package.trained_until), []).rows()
    sandbox = Sandbox(30, 4096)
    return run_candidate(package, files, Tables.of(package.signature, files, sandbox), none, sandbox)


def test_outputs_that_are_no_numbers_fail() -> None:
    check = check_finite(subject(material.small_package(material.not_a_number())))
    assert check.verdict == "failed"
    assert check.measured == 225


def test_a_graph_that_breaks_its_signature_fails_by_name() -> None:
    files = material.small_package()
    files["signature.json"] = files["signature.json"].replace(b'"INT64"', b'"INT32"')
    check = check_tensors(read_package(files).signature, files["model.onnx"])
    assert check.verdict == "failed"
    assert "output 'label': the graph has datatype INT64, signature.json says INT32" in check.detail


def judged(low: float, high: float) -> Judged:
    """Two groups of 500, one decided on `low`, the other on `high`, of which both hold the same truth."""
    predicted = np.where(np.arange(1000) < 500, low, high) * np.ones(1000)
    return Judged(np.tile([0, 1], 500), predicted, ["a"] * 500 + ["b"] * 500, "planted rows")


def test_planted_bias_is_found_in_both_rates() -> None:
    found = compare("group", judged(0.1, 0.9), SuiteLimits())
    assert [(check.verdict, check.measured) for check in found] == [("failed", 1.0), ("failed", 1.0)]


def test_equal_treatment_passes() -> None:
    assert {check.verdict for check in compare("group", judged(0.9, 0.9), SuiteLimits())} == {"passed"}


def test_a_group_that_is_too_small_is_not_judged() -> None:
    few = compare("group", judged(0.1, 0.9), SuiteLimits(least_group_rows=501))
    assert {check.verdict for check in few} == {"inconclusive"}


def test_the_auc_difference_is_scikit_learns_and_its_margin_covers_chance() -> None:
    labels = RANDOM.integers(0, 2, 2_000)
    one, other = labels + RANDOM.normal(size=2_000), labels + RANDOM.normal(size=2_000)
    difference, margin = roc_auc_difference(labels, one, other)
    assert difference == pytest.approx(roc_auc_score(labels, one) - roc_auc_score(labels, other))
    assert abs(difference) < 2 * margin < 0.1


@pytest.mark.parametrize(
    ("worse", "margin", "verdict"), [(-0.1, 0.05, "passed"), (0.1, 0.05, "failed"), (0.01, 0.05, "inconclusive")]
)
def test_chance_makes_a_comparison_inconclusive(worse: float, margin: float, verdict: str) -> None:
    assert not_worse("check", worse, margin, 0.02, "").verdict == verdict


@pytest.mark.parametrize(
    ("each", "whole"),
    [
        (["passed", "passed"], "passed"),
        (["passed", "inconclusive"], "inconclusive"),
        (["inconclusive", "failed", "passed"], "failed"),
    ],
)
def test_the_worst_check_is_the_verdict(each: list[str], whole: str) -> None:
    checks = [CheckResult.model_validate({"name": "c", "verdict": verdict, "detail": "d"}) for verdict in each]
    assert verdict_of(checks)[0] == whole


def test_one_class_alone_has_no_roc_auc() -> None:
    figures = classifier_metrics(np.ones(3, dtype=np.int64), np.array([0.2, 0.6, 0.9]), 0.5)
    assert "roc_auc" not in figures
    assert figures["accuracy"] == pytest.approx(2 / 3)


def test_a_limit_keeps_its_direction_and_an_estimate_how_far_it_is_known() -> None:
    known, unknown = (not_worse("x", 0.1, margin, 0.2, "") for margin in (0.05, float("nan")))
    assert (known.bound, known.margin, unknown.margin) == ("at most", 0.05, None)
    assert at_least("x", 1, 2, "", otherwise="inconclusive").verdict == "inconclusive"
    assert at_least("x", 3, 2, "").bound == "at least"
