"""Figures of every task are scikit-learn's, and a difference is one only where it is more than chance."""

from typing import Any

import numpy as np
import pytest
from sklearn import metrics as known

from shared.tasks import TASKS, About, Answers, Role
from shared.tasks.measuring import Measured, difference, figures

RANDOM = np.random.default_rng(7)
ROWS = 600
NAMES = ("on time", "late", "cancelled")
TRUTH = RANDOM.integers(0, 3, ROWS)
LEVELS = (0.1, 0.5, 0.9)


def measured(task: str, truth: Any, outputs: dict[Role, Any], about: About | None = None) -> Measured:
    kind, about = TASKS[task], about or About()
    cells = [kind.truth(cell, about) for cell in truth]
    assert None not in cells
    return kind.measure(Answers(cells, {role: np.asarray(cells) for role, cells in outputs.items()}, about))


def softmax(scores: Any) -> Any:
    return np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)


PROBABILITIES = softmax(RANDOM.normal(size=(ROWS, 3)) + 2 * np.eye(3)[TRUTH])


def test_binary_figures() -> None:
    truth, p = TRUTH == 1, PROBABILITIES[:, 1]
    found = figures(measured("binary_classification", truth, {"probability": p}))
    assert found["roc_auc"] == pytest.approx(known.roc_auc_score(truth, p))
    assert found["log_loss"] == pytest.approx(known.log_loss(truth, p))
    assert found["brier"] == pytest.approx(known.brier_score_loss(truth, p))
    assert found["accuracy"] == pytest.approx(known.accuracy_score(truth, p >= 0.5))


@pytest.mark.parametrize("task", ["multiclass_classification", "image_classification", "text_classification"])
def test_figures_of_one_class_of_several(task: str) -> None:
    about = About(classes=NAMES)
    truth = [NAMES[each] for each in TRUTH]
    found = figures(measured(task, truth, {"probabilities": PROBABILITIES}, about))
    chosen = PROBABILITIES.argmax(axis=1)
    assert found["accuracy"] == pytest.approx(known.accuracy_score(TRUTH, chosen))
    assert found["macro_f1"] == pytest.approx(known.f1_score(TRUTH, chosen, average="macro"))
    assert found["log_loss"] == pytest.approx(known.log_loss(TRUTH, PROBABILITIES))
    by_label = measured(task, truth, {"label": np.array(NAMES, dtype=object)[chosen]}, about)
    assert figures(by_label) == {name: found[name] for name in ("accuracy", "macro_f1")}


def test_figures_of_several_labels_at_once() -> None:
    truth = RANDOM.integers(0, 2, (ROWS, 4))
    p = np.clip(0.6 * truth + 0.5 * RANDOM.random((ROWS, 4)), 0, 1)
    found = figures(measured("multilabel_classification", list(map(tuple, truth.tolist())), {"probabilities": p}))
    assert found["macro_f1"] == pytest.approx(known.f1_score(truth, p >= 0.5, average="macro"))
    assert found["hamming_loss"] == pytest.approx(known.hamming_loss(truth, p >= 0.5))
    assert found["accuracy"] == pytest.approx(known.accuracy_score(truth, p >= 0.5))


@pytest.mark.parametrize("targets", [1, 3])
def test_figures_of_numbers(targets: int) -> None:
    truth = RANDOM.normal(size=(ROWS, targets)) * [10**power for power in range(targets)]
    score = truth + RANDOM.normal(size=(ROWS, targets))
    found = figures(measured("regression", list(map(tuple, truth.tolist())), {"score": score}))
    assert found["mae"] == pytest.approx(known.mean_absolute_error(truth, score))
    assert found["rmse"] == pytest.approx(known.mean_squared_error(truth, score) ** 0.5)
    assert found["r2"] == pytest.approx(known.r2_score(truth, score))


def test_figures_of_quantiles() -> None:
    truth = RANDOM.normal(size=ROWS)
    given = np.stack([np.full(ROWS, level) for level in (-1.28, 0.0, 1.28)], axis=1)
    found = figures(measured("quantile_regression", truth.tolist(), {"quantile": given}, About(quantiles=LEVELS)))
    each = [known.mean_pinball_loss(truth, given[:, at], alpha=level) for at, level in enumerate(LEVELS)]
    assert found["pinball_loss"] == pytest.approx(np.mean(each))
    assert found["coverage"] == pytest.approx(np.mean(np.abs(truth) <= 1.28))
    assert found["coverage_error"] == pytest.approx(abs(found["coverage"] - 0.8))


def test_figures_of_forecasts() -> None:
    truth = RANDOM.normal(100, 10, size=(ROWS, 6))
    score = truth + RANDOM.normal(size=truth.shape)
    found = figures(measured("forecasting", truth.tolist(), {"score": score}))
    assert found["mae"] == pytest.approx(known.mean_absolute_error(truth, score))
    assert found["wape"] == pytest.approx(np.abs(truth - score).sum() / np.abs(truth).sum())
    by_quantile = figures(
        measured(
            "forecasting", truth.tolist(), {"quantile": np.stack([score - 9, score, score + 9], axis=-1)},
            About(quantiles=LEVELS),
        )
    )  # fmt: skip
    assert by_quantile["mae"] == pytest.approx(found["mae"])
    assert by_quantile["pinball_loss"] > 0


@pytest.mark.parametrize("planes", [False, True])
def test_figures_of_masks(planes: bool) -> None:
    truth = RANDOM.integers(0, 3, (20, 8, 8))
    found_mask = np.where(RANDOM.random(truth.shape) < 0.8, truth, RANDOM.integers(0, 3, truth.shape))
    given = np.moveaxis(np.eye(3)[found_mask], -1, 1) if planes else found_mask
    found = figures(measured("image_segmentation", truth.tolist(), {"mask": given}, About(classes=NAMES)))
    each = [
        known.jaccard_score(was.ravel(), one.ravel(), average="macro")
        for was, one in zip(truth, found_mask, strict=True)
    ]
    assert found["mean_iou"] == pytest.approx(np.mean(each))
    assert found["pixel_accuracy"] == pytest.approx(np.mean(truth == found_mask))


def test_figures_of_tags() -> None:
    truth = RANDOM.integers(0, 3, (50, 9))
    chosen = np.where(RANDOM.random(truth.shape) < 0.7, truth, RANDOM.integers(0, 3, truth.shape))
    labels = [[NAMES[each] for each in row[:7]] + [None, -100] for row in truth]
    tags = np.array(NAMES, dtype=object)[chosen]
    found = figures(measured("token_classification", labels, {"tokens": tags}, About(classes=NAMES)))
    was, now = truth[:, :7].ravel(), chosen[:, :7].ravel()
    assert found["accuracy"] == pytest.approx(np.mean(was == now))
    assert found["macro_f1"] == pytest.approx(known.f1_score(was, now, average="macro"))


NUMBERS, STEPS = RANDOM.normal(size=ROWS), RANDOM.normal(5, 1, size=(ROWS, 4))
CASES: dict[str, tuple[Any, Any, Any, About]] = {
    "binary_classification": (
        TRUTH == 1, {"probability": PROBABILITIES[:, 1]}, {"probability": 1 - PROBABILITIES[:, 1]}, About(),
    ),
    "multiclass_classification": (
        TRUTH, {"probabilities": PROBABILITIES}, {"probabilities": PROBABILITIES[:, ::-1]}, About(classes=(0, 1, 2)),
    ),
    "regression": (NUMBERS, {"score": NUMBERS + 0.1}, {"score": NUMBERS[::-1]}, About()),
    "forecasting": (STEPS.tolist(), {"score": STEPS + 0.1}, {"score": STEPS[::-1]}, About()),
}  # fmt: skip


@pytest.mark.parametrize("task", CASES)
def test_a_worse_model_is_surely_worse_and_a_model_is_no_worse_than_itself(task: str) -> None:
    truth, good, bad, about = CASES[task]
    better, worse = measured(task, truth, good, about), measured(task, truth, bad, about)
    for metric in TASKS[task].metrics:
        if metric.name not in figures(better):
            continue
        found = difference(metric, worse, better)
        assert found is not None
        assert found.worse - found.margin > 0, metric
        back = difference(metric, better, worse)
        assert back is not None
        assert back.worse == pytest.approx(-found.worse)
        same = difference(metric, better, better)
        assert same is not None
        assert (same.worse, same.margin) == (0, 0)


def test_the_interval_holds_in_nineteen_of_twenty_samples() -> None:
    """Of RMSE by resampling: two models that are equally good are told apart in about one of twenty samples."""
    metric = TASKS["regression"].metrics[0]
    apart, random = 0, np.random.default_rng(11)
    for _ in range(40):
        truth = random.normal(size=150)
        one, other = (measured("regression", truth.tolist(), {"score": truth + random.normal(size=150)}) for _ in "12")
        found = difference(metric, one, other)
        assert found is not None
        apart += abs(found.worse) > found.margin
    assert 0 < apart <= 8


def test_nothing_is_measured_without_rows_and_one_class_has_no_area() -> None:
    for task in ("binary_classification", "regression", "multilabel_classification", "quantile_regression"):
        assert figures(TASKS[task].measure(Answers([], {}, About()))) == {}
    found = figures(measured("binary_classification", [1, 1, 1], {"probability": [0.2, 0.6, 0.9]}))
    assert "roc_auc" not in found
    assert found["accuracy"] == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("task", "outputs", "about", "said"),
    [
        ("binary_classification", {"probability": [0.2, 1.7]}, About(), "0.2 to 1.7 found"),
        ("multiclass_classification", {"probabilities": [[0.9, 0.9]]}, About(), "adds up to 1.8"),
        ("multiclass_classification", {"label": ["x"]}, About(classes=("a", "b")), "'x' found"),
        ("quantile_regression", {"quantile": [[2.0, 1.0]]}, About(quantiles=(0.1, 0.9)), "1 of 1 rows"),
        ("image_segmentation", {"mask": [[[0, 3]]]}, About(classes=NAMES), "class 3 found"),
        ("token_classification", {"tokens": [["B", "I"]]}, About(classes=("B", "O")), "'I' found"),
    ],
)
def test_answers_that_cannot_be_are_told_with_what_was_expected(
    task: str, outputs: dict[Role, Any], about: About, said: str
) -> None:
    found = TASKS[task].faults({role: np.array(cells) for role, cells in outputs.items()}, about)
    assert len(found) == 1
    assert said in found[0]


def test_answers_as_they_should_be_have_no_faults() -> None:
    assert (
        TASKS["binary_classification"].faults(
            {"probabilities": PROBABILITIES[:, :2] / PROBABILITIES[:, :2].sum(axis=1, keepdims=True)}, About()
        )
        == ()
    )
    assert TASKS["quantile_regression"].faults({"quantile": np.array([[1.0, 1.0, 2.0]])}, About(quantiles=LEVELS)) == ()
