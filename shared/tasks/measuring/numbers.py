"""Answers that are numbers: one or several for each row, quantiles of one, steps of a horizon."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.tasks.columns import middle
from shared.tasks.measuring.measured import Floats, Measured, Rate, Whole
from shared.tasks.task import Answers, Role


def scores(answers: Answers) -> Measured:
    """Errors of several targets or steps count alike."""
    truth = _truth(answers)
    if not len(truth):
        return Measured(0)
    errors = answers.outputs["score"].astype(np.float64).reshape(truth.shape) - truth
    whole = {"rmse": _rmse(errors), "r2": _r2(truth, errors)}
    return Measured(len(truth), {"mae": np.abs(errors).mean(axis=1)}, whole, _rates(answers, truth, errors))


def forecasts(answers: Answers) -> Measured:
    """Of a score, or of the quantile that is nearest the median; with wape, the errors as a share of what happened."""
    levels = answers.about.quantiles
    score = answers.outputs["score"] if "score" in answers.outputs else middle(answers.outputs["quantile"], levels)
    measured = scores(Answers(answers.truth, {"score": score}, answers.about))
    truth = _truth(answers)
    if not len(truth):
        return Measured(0)
    sums = np.abs(truth).sum(axis=1)
    per_row, whole = dict(measured.per_row), {**measured.whole, "wape": _ratio(measured.per_row["mae"], sums, truth)}
    if "quantile" in answers.outputs:
        per_row["pinball_loss"] = pinball(truth, answers.outputs["quantile"], levels)
    return Measured(measured.rows, per_row, whole, measured.rates)


def quantiles(answers: Answers) -> Measured:
    """`coverage` is the share of truths between the outermost quantiles, `coverage_error` how far that is from what
    they promise."""
    truth = _truth(answers)
    if not len(truth):
        return Measured(0)
    levels = answers.about.quantiles
    given = answers.outputs["quantile"].astype(np.float64).reshape(*truth.shape, len(levels))
    covered = ((truth >= given[..., 0]) & (truth <= given[..., -1])).mean(axis=1)
    promised = levels[-1] - levels[0]
    per_row = {"pinball_loss": pinball(truth, given, levels), "coverage": covered}
    whole = {"coverage_error": Whole(lambda rows: abs(float(covered[rows].mean()) - promised), len(truth))}
    return Measured(len(truth), per_row, whole, _rates(answers, truth, middle(given, levels) - truth))


def pinball(truth: Floats, given: NDArray[Any], levels: tuple[float, ...]) -> Floats:
    """Mean over the levels, and over the steps, for each row."""
    above = truth[..., None] - given.astype(np.float64).reshape(*truth.shape, len(levels))
    tau = np.array(levels)
    losses: Floats = np.maximum(tau * above, (tau - 1) * above).mean(axis=(1, 2))
    return losses


def crossing(outputs: Mapping[Role, NDArray[Any]]) -> int:
    """Rows in which a lower quantile is above a higher one."""
    apart = np.diff(outputs["quantile"].astype(np.float64), axis=-1)
    return int((apart < 0).reshape(len(apart), -1).any(axis=1).sum())


def _truth(answers: Answers) -> Floats:
    """[N, T]."""
    found = np.array(answers.truth, dtype=np.float64)
    return found.reshape(len(found), -1) if len(found) else np.empty((0, 1))


def _rmse(errors: Floats) -> Whole:
    squares = np.square(errors).mean(axis=1)
    return Whole(lambda rows: float(np.sqrt(squares[rows].mean())), len(errors))


def _r2(truth: Floats, errors: Floats) -> Whole:
    def of(rows: NDArray[np.intp]) -> float:
        spread = np.square(truth[rows] - truth[rows].mean(axis=0)).sum(axis=0)
        left = np.square(errors[rows]).sum(axis=0)
        return float((1 - left / spread).mean()) if (spread > 0).all() else float("nan")

    return Whole(of, len(truth))


def _ratio(mae: Floats, sums: Floats, truth: Floats) -> Whole:
    def of(rows: NDArray[np.intp]) -> float:
        whole = sums[rows].sum()
        return float(mae[rows].sum() * truth.shape[1] / whole) if whole else float("nan")

    return Whole(of, len(truth))


def _rates(answers: Answers, truth: Floats, errors: Floats) -> dict[str, Rate]:
    """In standard deviations of the truth, so that one limit serves any unit."""
    spread = truth.std(axis=0)
    scale = np.where(spread > 0, spread, 1.0)
    labels = answers.about.labels
    names = labels if len(labels) == truth.shape[1] else tuple(f"step {at + 1}" for at in range(truth.shape[1]))
    everybody, unit = np.ones(len(truth), dtype=bool), "standard deviations"
    return {
        "mean_error": Rate("error", errors / scale, names, everybody, unit),
        "absolute_error": Rate("error", np.abs(errors) / scale, names, everybody, unit),
        "label_mean": Rate("error", (truth - truth.mean(axis=0)) / scale, names, everybody, unit),
    }
