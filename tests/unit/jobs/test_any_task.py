"""The suite on packages of any task, and on what is wrong with them: named, with what was expected."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import pyarrow as pa
import pytest
from onnx import TensorProto, helper

from function_app.jobs.rows import LabelledRows
from function_app.jobs.sandbox import BoundedHere, Sandbox
from function_app.jobs.staging.bias import check_bias
from function_app.jobs.staging.comparison import against_champion, against_itself, check_own_metrics
from function_app.jobs.staging.deployment import check_deployment
from function_app.jobs.staging.graph import check_answers, check_golden, check_signature
from function_app.jobs.staging.own import check_own_tests
from function_app.jobs.staging.quality import build_reference
from function_app.jobs.staging.reference import check_reference
from function_app.jobs.staging.results import failed, passed
from function_app.jobs.staging.subject import Subject, Tables, predict, run_candidate
from function_app.jobs.staging.suite import Judgement
from shared.events import CheckResult
from shared.packages import StagingRequestBody, SuiteLimits, read_package
from shared.profiles.reference import kind_of
from tests.unit.jobs import material

# That a sandbox is one is `test_sandbox`'s.
SANDBOX = BoundedHere(300, 4096)
LIMITS = SuiteLimits(least_group_rows=20, least_rows=20)
RANDOM = np.random.default_rng(5)
X = RANDOM.normal(size=(120, 3)).astype(np.float32)
SPECIES = ["setosa", "versicolor", "virginica"]
FEATURES = [{"name": f"sepal {place}"} for place in range(3)]


def linear(
    outputs: Sequence[tuple[str, int, Sequence[int | None]]], nodes: Sequence[onnx.NodeProto], size: int
) -> bytes:
    """x [N, 3] -> `scores` = x W [N, size] -> `nodes`."""
    weights = np.eye(3, size, dtype=np.float32) * 3
    body = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["scores"]), *nodes],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 3])],
        [helper.make_tensor_value_info(*each) for each in outputs],
        [helper.make_tensor("w", TensorProto.FLOAT, weights.shape, weights.reshape(-1))],
    )
    model: bytes = helper.make_model(
        body, opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    ).SerializeToString()
    return model


def rows_of(column: Any) -> Any:
    found = np.asarray(column)
    return pa.array(found.tolist()) if found.ndim > 1 else found


def package(
    task: str, model: bytes, outputs: Sequence[Mapping[str, Any]], answers: Mapping[str, Any], prediction: Any,
    labels: Mapping[str, Any], columns: Mapping[str, Any] | None = None, **more: Any,
) -> dict[str, bytes]:  # fmt: skip
    signature = {
        "format": 2, "task": task, "groups": ["side"], "labels": list(labels), "outputs": list(outputs),
        "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 3], "features": FEATURES}], **more,
    }  # fmt: skip
    inputs = {each["name"]: X[:, place] for place, each in enumerate(FEATURES)}
    side = np.where(np.arange(len(X)) % 2, "left", "right")
    files = material.small_package(model)
    files["signature.json"] = json.dumps(signature).encode()
    files["reference.parquet"] = table({**inputs, "prediction": prediction, "side": side, **labels, **(columns or {})})
    files["golden.parquet"] = table({name: np.asarray(cells)[:9] for name, cells in {**inputs, **answers}.items()})
    files["metrics.json"] = json.dumps({"accuracy": 0.9, "rmse": 1.0, "macro_f1": 0.9, "wape": 0.2}).encode()
    return files


def table(columns: Mapping[str, Any]) -> bytes:
    import io

    import pyarrow.parquet as pq

    body = io.BytesIO()
    pq.write_table(pa.table({name: rows_of(cells) for name, cells in columns.items()}), body)
    return body.getvalue()


SCORES = X * 3
PROBABILITIES = np.exp(SCORES) / np.exp(SCORES).sum(axis=1, keepdims=True)
CHOSEN = SCORES.argmax(axis=1)
NAMED = np.array(SPECIES)[CHOSEN]


def multiclass(**changed: Any) -> dict[str, bytes]:
    nodes = [
        helper.make_node("Softmax", ["scores"], ["p"], axis=1),
        helper.make_node("ArgMax", ["scores"], ["label"], axis=1, keepdims=0),
    ]
    said: dict[str, Any] = {
        "task": "multiclass_classification",
        "model": linear([("label", TensorProto.INT64, [None]), ("p", TensorProto.FLOAT, [None, 3])], nodes, 3),
        "outputs": [
            {"name": "label", "datatype": "INT64", "shape": [-1], "role": "label"},
            {"name": "p", "datatype": "FP32", "shape": [-1, 3], "role": "probabilities"},
        ],
        "answers": {"label": CHOSEN, "p": PROBABILITIES.astype(np.float32)},
        "prediction": NAMED,
        "labels": {"species": NAMED},
        "classes": SPECIES,
    }
    return package(**{**said, **changed})


def regression(**changed: Any) -> dict[str, bytes]:
    said: dict[str, Any] = {
        "task": "regression",
        "model": linear([("y", TensorProto.FLOAT, [None, 2])], [helper.make_node("Identity", ["scores"], ["y"])], 2),
        "outputs": [{"name": "y", "datatype": "FP32", "shape": [-1, 2], "role": "score", "targets": ["a", "b"]}],
        "answers": {"y": SCORES[:, :2]},
        "prediction": SCORES[:, 0],
        "labels": {"a": SCORES[:, 0] + 0.5, "b": SCORES[:, 1]},
    }
    return package(**{**said, **changed})


def segmentation(**changed: Any) -> dict[str, bytes]:
    """A picture of one row: three pixels, each on or off."""
    nodes = [
        helper.make_node("Greater", ["scores", "zero"], ["on"]),
        helper.make_node("Cast", ["on"], ["flat"], to=TensorProto.INT64),
        helper.make_node("Unsqueeze", ["flat", "axis"], ["mask"]),
    ]
    model = onnx.load_model_from_string(linear([("mask", TensorProto.INT64, [None, 1, 3])], nodes, 3))
    model.graph.initializer.append(helper.make_tensor("zero", TensorProto.FLOAT, [], [0.0]))
    model.graph.initializer.append(helper.make_tensor("axis", TensorProto.INT64, [1], [1]))
    mask = (SCORES > 0).astype(np.int64)[:, None, :]
    said: dict[str, Any] = {
        "task": "image_segmentation",
        "model": model.SerializeToString(),
        "outputs": [{"name": "mask", "datatype": "INT64", "shape": [-1, 1, 3], "role": "mask"}],
        "answers": {"mask": mask},
        "prediction": mask.reshape(len(mask), -1).mean(axis=1),
        "labels": {"truth": mask.reshape(len(mask), -1)},
        "classes": ["sky", "roof"],
    }
    return package(**{**said, **changed})


def subject(files: dict[str, bytes], rows: LabelledRows | None = None) -> Subject:
    found = read_package(files)
    return run_candidate(found, files, Tables.of(found.signature, files, SANDBOX), rows or production([]), SANDBOX)


def production(labels: Sequence[Any]) -> LabelledRows:
    columns: dict[str, list[Any]] = {each["name"]: X[: len(labels), at].tolist() for at, each in enumerate(FEATURES)}
    return LabelledRows(len(labels), (), columns, list(labels))


def verdicts(checks: Sequence[CheckResult]) -> dict[str, str]:
    return {check.name: check.verdict for check in checks}


@pytest.mark.parametrize("files", [multiclass(), regression(), segmentation()], ids=["classes", "numbers", "masks"])
def test_a_sound_package_of_any_task_has_nothing_wrong_with_it(files: dict[str, bytes]) -> None:
    found = subject(files)
    assert check_signature(found.package.signature, files["model.onnx"]).verdict == "passed"
    checks = [check_golden(found, LIMITS), *check_reference(found, LIMITS), check_answers(found)]
    assert {check.verdict for check in [*checks, *check_bias(found, LIMITS)]} == {"passed"}, checks


@pytest.mark.parametrize(
    ("files", "check", "said"),
    [
        (
            multiclass(labels={"species": np.array(["rose", *NAMED[1:]])}),
            "reference.labels",
            ["1 of 120 labels", "row 0 has 'rose'", "one of `classes`, by its name (setosa, versicolor, virginica)"],
        ),
        (
            multiclass(labels={"species": pa.array([None, *NAMED[1:].tolist()])}),
            "reference.labels",
            ["row 0 has null", "leave these rows out"],
        ),
        (regression(labels={"a": ["x"] * 120, "b": SCORES[:, 1]}), "reference.labels", ["120 of 120", "a number"]),
        (
            regression(prediction=np.full(120, 7.0)),
            "reference.prediction",
            ["has 7.0, the model answers", "120 of 120"],
        ),
        (multiclass(prediction=NAMED[::-1].copy()), "reference.prediction", ["write what model.onnx gives as 'label'"]),
        (regression(prediction=np.array(["x"] * 120)), "reference.prediction", ["a number in each row is expected"]),
    ],
)
def test_what_a_reference_says_wrongly_is_named(files: dict[str, bytes], check: str, said: list[str]) -> None:
    """F4: text labels crashed the job, and a made-up prediction column passed."""
    found = {each.name: each for each in check_reference(subject(files), LIMITS)}[check]
    assert found.verdict == "failed"
    assert [part for part in said if part not in found.detail] == [], found.detail
    assert "reference.parquet" in found.detail


@pytest.mark.parametrize(
    ("trained", "verdict", "said"),
    [
        (np.arange(120) < 80, "passed", "40 of 120 rows were not trained on"),
        (np.full(120, True), "inconclusive", "add rows that were held out"),
        (["no"] * 120, "failed", "row 0 has 'no', true or false is expected"),
    ],
)
def test_which_rows_were_trained_on_is_read(trained: Any, verdict: str, said: str) -> None:
    found = subject(regression(columns={"trained": trained}))
    check = check_reference(found, LIMITS)[-1]
    assert (check.name, check.verdict) == ("reference.trained", verdict)
    assert said in check.detail


def test_bias_on_reference_rows_is_judged_on_those_that_were_not_trained_on() -> None:
    """All of the right side was trained on, and there nothing is wrong."""
    right = np.arange(120) % 2 == 0
    found = subject(regression(columns={"trained": right}))
    assert {check.verdict for check in check_bias(found, LIMITS)} == {"inconclusive"}


def test_a_label_of_format_1_with_texts_is_named_and_crashes_nothing() -> None:
    x = material.NUMBERS["x"]
    probability = (1 / (1 + np.exp(-x))).astype(np.float32)
    side, truth = ["left", "right"] * 200, ["yes", "no"] * 200
    body = material.parquet({"x": x, "prediction": probability, "truth": truth, "side": side})
    found = check_reference(subject(material.small_package(reference_parquet=body)), LIMITS)[0]
    assert (found.name, found.verdict) == ("reference.labels", "failed")
    assert "row 0 has 'yes', expected is one of two classes" in found.detail


def test_golden_rows_that_differ_are_told_with_row_and_both_values() -> None:
    """F3: a failure was told in the words of a success."""
    wrong = SCORES[:, :2].copy()
    wrong[4, 1] += 1
    check = check_golden(subject(regression(answers={"y": wrong})), LIMITS)
    assert check.verdict == "failed"
    assert "output y, row 4" in check.detail
    assert "expected by golden.parquet" in check.detail


def test_groups_are_compared_by_what_the_task_decides() -> None:
    left = np.arange(len(X)) % 2 == 1
    found = subject(regression(labels={"a": SCORES[:, 0] + 9 * left, "b": SCORES[:, 1]}))
    checks = {check.name: check for check in check_bias(found, LIMITS)}
    assert set(checks) == {"bias.mean_error.side", "bias.absolute_error.side", "bias.label_mean.side"}
    assert {check.verdict for check in checks.values()} == {"failed"}
    assert "of a" in checks["bias.mean_error.side"].detail


def test_without_groups_nobody_knows_whom_it_treats_how() -> None:
    check = check_bias(subject(regression(groups=[])), LIMITS)[0]
    assert (check.name, check.verdict) == ("bias.groups", "inconclusive")
    assert "leave `bias` out in the policy" in check.detail


def upside_down(nodes: Sequence[onnx.NodeProto], *outputs: tuple[str, int, Sequence[int | None]], size: int) -> bytes:
    """The same model of scores with the opposite sign."""
    return linear(outputs, [helper.make_node("Neg", ["scores"], ["n"]), *nodes], size)


BAD_CLASSES = upside_down(
    [
        helper.make_node("Softmax", ["n"], ["p"], axis=1),
        helper.make_node("ArgMax", ["n"], ["label"], axis=1, keepdims=0),
    ],
    ("label", TensorProto.INT64, [None]),
    ("p", TensorProto.FLOAT, [None, 3]),
    size=3,
)
BAD_NUMBERS = upside_down([helper.make_node("Identity", ["n"], ["y"])], ("y", TensorProto.FLOAT, [None, 2]), size=2)
NOISY = [tuple(row) for row in (SCORES[:, :2] + RANDOM.normal(size=(120, 2))).tolist()]


@pytest.mark.parametrize(
    ("good", "bad", "labels"),
    [
        (multiclass(), multiclass(model=BAD_CLASSES), NAMED.tolist()),
        (regression(), regression(model=BAD_NUMBERS), NOISY),
    ],
    ids=["classes", "numbers"],
)
def test_champion_and_candidate_are_compared_by_the_tasks_own_figures(
    good: dict[str, bytes], bad: dict[str, bytes], labels: list[Any]
) -> None:
    worse, champion = subject(bad, production(labels)), read_package(good)
    answered = predict(champion, good, worse.production, SANDBOX)
    checks = against_champion(worse, champion, answered, LIMITS)
    assert [check.name for check in checks] == [
        f"comparison.{metric.name}" for metric in champion.signature.task_kind.metrics
    ]
    assert {check.verdict for check in checks} == {"failed"}
    assert all("surely worse" in check.detail and check.margin is not None for check in checks)
    assert against_itself(worse, LIMITS)[0].verdict == "failed"


def test_own_figures_are_those_of_the_task_with_the_direction_of_their_limit() -> None:
    found = check_own_metrics(read_package(regression()), SuiteLimits(own_figures={"rmse": 0.5, "r2": 0.3}))
    assert [(check.name, check.verdict, check.bound) for check in found] == [
        ("metrics.rmse", "failed", "at most"),
        ("metrics.r2", "inconclusive", None),
    ]
    assert "r2 is expected, found accuracy, macro_f1, rmse, wape" in found[1].detail


def test_columns_that_are_no_single_values_are_not_measured() -> None:
    files = segmentation()
    found = read_package(files)
    reference = build_reference(found, Tables.of(found.signature, files, SANDBOX))
    assert set(reference.columns) == {"sepal 0", "sepal 1", "sepal 2", "mask"}


def test_answers_by_name_are_a_column_of_categories() -> None:
    files = multiclass()
    found = read_package(files)
    reference = build_reference(found, Tables.of(found.signature, files, SANDBOX))
    assert kind_of(reference.columns["label"]) == "categorical"


OWN = b"""
import numpy as np
import pytest


def test_it_answers_what_it_should(predict):
    found = predict({"sepal 0": [1.0], "sepal 1": [0.0], "sepal 2": [0.0]})
    assert found["y"].tolist() == [[3.0, 0.0]]


def test_never_negative(predict):
    found = predict({"sepal 0": [-1.0], "sepal 1": [0.0], "sepal 2": [0.0]})
    assert (found["y"] >= 0).all(), "a price is negative"


@pytest.mark.skip(reason="no such data yet")
def test_later():
    raise AssertionError


def test_no_secret_is_here(monkeypatch):
    import os

    assert "SLUICE_STORAGE" not in os.environ
"""


def test_each_of_a_teams_own_tests_is_a_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLUICE_STORAGE", "AccountKey=secret")
    names = ["tests/test_prices.py", "tests/test_broken.py"]
    files = {**regression(files=names), names[0]: OWN, names[1]: b"import nothing_like_this\n"}
    found = {check.name: check for check in check_own_tests(files, Sandbox(300, 4096))}
    assert verdicts(list(found.values())) == {
        "tests.test_broken.py": "failed",
        "tests.test_prices.test_it_answers_what_it_should": "passed",
        "tests.test_prices.test_never_negative": "failed",
        "tests.test_prices.test_later": "inconclusive",
        "tests.test_prices.test_no_secret_is_here": "passed",
    }
    assert "a price is negative" in found["tests.test_prices.test_never_negative"].detail
    assert "nothing_like_this" in found["tests.test_broken.py"].detail
    assert "no such data yet" in found["tests.test_prices.test_later"].detail


def test_a_folder_without_tests_is_a_failed_check_and_no_folder_is_none() -> None:
    files = {**regression(files=["tests/test_x.py"]), "tests/test_x.py": b"x = 1\n"}
    (none,) = check_own_tests(files, Sandbox(300, 4096))
    assert none.verdict == "failed"
    assert "no test was found" in none.detail
    assert check_own_tests(regression(), SANDBOX) == []


def test_a_deployment_that_is_too_slow_under_load_fails() -> None:
    """R035: at a stated number of callers, for each stated size of a request."""
    files = material.small_package()
    limits = SuiteLimits(smoke_requests=20, load_callers=3, load_requests=6, load_rows=(1, 7), latency_p95_ms=60_000)
    slow = limits.model_copy(update={"load_latency_p95_ms": 1e-6})
    found = {check.name: check for check in check_deployment(material.package_ref(files), files, subject(files), slow)}
    assert verdicts(list(found.values())) == {
        "deployment.smoke": "passed",
        "deployment.latency_p95": "passed",
        "deployment.load_1_rows": "failed",
        "deployment.load_7_rows": "failed",
    }
    assert "3 callers at once, 2 calls each of 7 rows" in found["deployment.load_7_rows"].detail


def test_what_the_policy_leaves_out_is_not_judged_and_is_on_record() -> None:
    limits = SuiteLimits(left_out={"bias": "machines, no people", "golden.alone": "row by row"})
    ref = material.package_ref(regression())
    request = StagingRequestBody(candidate=ref, endpoint=material.endpoint("left"), limits=limits)
    found = Judgement(request)
    assert found.add(failed("bias.groups", "none"), failed("golden.alone", "differs"), passed("graph.runs", ""))
    assert [check.name for check in found.checks] == ["graph.runs"]
    assert not found.wants("bias")
    assert {each.check: each.reason for each in found.left_out} == limits.left_out
    assert not found.add(failed("golden.reproduced", ""))
