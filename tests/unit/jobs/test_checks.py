"""Single checks on planted cases."""

import numpy as np
import pytest

from function_app.jobs.rows import Join, Wanted
from function_app.jobs.sandbox import Sandbox
from function_app.jobs.staging.bias import Judged, compare
from function_app.jobs.staging.graph import check_finite, check_signature
from function_app.jobs.staging.results import at_least, not_worse, verdict_of
from function_app.jobs.staging.subject import Subject, Tables, run_candidate
from shared.events.staging import CheckResult
from shared.packages import SuiteLimits, read_package
from shared.tasks import TASKS, Answers
from tests.unit.jobs import material


def subject(files: dict[str, bytes]) -> Subject:
    package = read_package(files)
    none = Join(Wanted(["x"], package.trained_until), []).rows()
    sandbox = Sandbox(120, 4096)
    return run_candidate(package, files, Tables.of(package.signature, files, sandbox), none, sandbox)


def test_outputs_that_are_no_numbers_fail() -> None:
    check = check_finite(subject(material.small_package(material.not_a_number())))
    assert check.verdict == "failed"
    assert check.measured == 225


def test_a_graph_that_breaks_its_signature_fails_by_name_before_it_runs() -> None:
    files = material.small_package()
    files["signature.json"] = files["signature.json"].replace(b'"INT64"', b'"INT32"')
    check = check_signature(read_package(files).signature, files["model.onnx"])
    assert check.verdict == "failed"
    assert "output 'label'" in check.detail


def judged(low: float, high: float) -> Judged:
    """Two groups of 500, one decided on `low`, the other on `high`, of which both hold the same truth."""
    predicted = np.where(np.arange(1000) < 500, low, high) * np.ones(1000)
    answers = Answers([0, 1] * 500, {"probability": predicted})
    measured = TASKS["binary_classification"].measure(answers)
    return Judged(measured, ["a"] * 500 + ["b"] * 500, "planted rows")


def test_planted_bias_is_found_in_both_rates() -> None:
    found = compare("group", judged(0.1, 0.9), SuiteLimits())
    assert [(check.verdict, check.measured) for check in found] == [("failed", 1.0), ("failed", 1.0), ("passed", 0.0)]


def test_equal_treatment_passes() -> None:
    assert {check.verdict for check in compare("group", judged(0.9, 0.9), SuiteLimits())} == {"passed"}


def test_a_group_that_is_too_small_is_not_judged() -> None:
    few = compare("group", judged(0.1, 0.9), SuiteLimits(least_group_rows=501))
    assert {check.verdict for check in few} == {"inconclusive"}


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


def test_a_limit_keeps_its_direction_and_an_estimate_how_far_it_is_known() -> None:
    known, unknown = (not_worse("x", 0.1, margin, 0.2, "") for margin in (0.05, float("nan")))
    assert (known.bound, known.margin, unknown.margin) == ("at most", 0.05, None)
    assert at_least("x", 1, 2, "", otherwise="inconclusive").verdict == "inconclusive"
    assert at_least("x", 3, 2, "").bound == "at least"
