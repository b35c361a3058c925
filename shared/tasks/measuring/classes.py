"""Answers that are classes: one of two, one of several, several at once."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.tasks.measuring.confusion import macro_f1
from shared.tasks.measuring.measured import Floats, Measured, RankedPair, Rate, Whole
from shared.tasks.task import About, Answers, Role
from shared.tasks.truth import class_name, spelling, spellings

_EDGE = 1e-7
# Classes apart in comparisons of groups: of more, the most frequent.
_MOST_CLASSES = 20


def binary(answers: Answers) -> Measured:
    """roc_auc is not defined while only one class was seen."""
    truth = np.array(answers.truth, dtype=np.int64)
    if not len(truth):
        return Measured(0)
    predicted = positive_probability(answers.outputs, answers.about)
    decided = predicted >= answers.about.threshold
    per_row = {
        "log_loss": _log_losses(truth, predicted),
        "brier": np.square(predicted - truth),
        "accuracy": (decided == (truth == 1)).astype(np.float64),
        "positive_rate": truth.astype(np.float64),
    }
    everybody = np.ones(len(truth), dtype=bool)
    rates = {
        "selection_rate": Rate("selection_rate", decided[:, None].astype(np.float64), ("selected",), everybody),
        "false_negative_rate": Rate(
            "false_negative_rate", (~decided)[:, None].astype(np.float64), ("missed",), truth == 1
        ),
        "label_rate": Rate("label_rate", truth[:, None].astype(np.float64), ("positive labels",), everybody),
    }
    return Measured(len(truth), per_row, {"roc_auc": _area(truth, predicted)}, rates)


def positive_probability(outputs: Mapping[Role, NDArray[Any]], about: About) -> Floats:
    """Of the positive class; 0 or 1 where the model only says which class it is."""
    if "probability" in outputs:
        return outputs["probability"].astype(np.float64).reshape(-1)
    if "probabilities" in outputs:
        found: Floats = outputs["probabilities"].astype(np.float64)[:, about.positive_at]
        return found
    known = spellings(about) or ("0", "1")
    chosen = chosen_classes(outputs, about)
    yes: Floats = np.array(chosen == known[about.positive_at], dtype=np.float64)
    return yes


def one_of_several(answers: Answers) -> Measured:
    truth = np.array(answers.truth, dtype=object)
    if not len(truth):
        return Measured(0)
    chosen = chosen_classes(answers.outputs, answers.about)
    wrong = (chosen != truth).astype(np.float64)
    per_row = {"accuracy": 1 - wrong}
    if "probabilities" in answers.outputs:
        per_row["log_loss"] = _log_losses_of(truth, answers.outputs["probabilities"], answers.about)
    everybody, names = np.ones(len(truth), dtype=bool), _frequent(truth)
    rates = {
        "selection_rate": Rate("selection_rate", _each(chosen, names), names, everybody),
        "error_rate": Rate("error_rate", wrong[:, None], ("errors",), everybody),
        "label_rate": Rate("label_rate", _each(truth, names), names, everybody),
    }
    return Measured(len(truth), per_row, {"macro_f1": macro_f1(truth, chosen)}, rates)


def chosen_classes(outputs: Mapping[Role, NDArray[Any]], about: About) -> NDArray[Any]:
    """The class of each row, by its spelling."""
    if "label" in outputs:
        return np.array([_class(cell, about) for cell in outputs["label"].reshape(-1).tolist()], dtype=object)
    probabilities = outputs["probabilities"]
    names = spellings(about) or tuple(map(str, range(probabilities.shape[-1])))
    return np.array(names, dtype=object)[probabilities.argmax(axis=-1)]


def _class(cell: Any, about: About) -> str | None:
    """By its name; a whole number is the place of a class that has another name."""
    return class_name(cell, about.classes) if about.classes else spelling(cell)


def several_at_once(answers: Answers) -> Measured:
    truth = np.array(answers.truth, dtype=np.int64)
    if not len(truth):
        return Measured(0)
    by_probability = "probabilities" in answers.outputs
    given = answers.outputs["probabilities" if by_probability else "label"].astype(np.float64).reshape(truth.shape)
    decided = given >= (answers.about.threshold if by_probability else 0.5)
    wrong = (decided != (truth == 1)).astype(np.float64)
    per_row = {"hamming_loss": wrong.mean(axis=1), "accuracy": (wrong.sum(axis=1) == 0).astype(np.float64)}
    if by_probability:
        per_row["log_loss"] = _log_losses(truth, given).mean(axis=1)
    names = spellings(answers.about) or answers.about.labels
    names = names if len(names) == truth.shape[1] else tuple(f"label {place}" for place in range(truth.shape[1]))
    everybody = np.ones(len(truth), dtype=bool)
    rates = {
        "selection_rate": Rate("selection_rate", decided.astype(np.float64), names, everybody),
        "error_rate": Rate("error_rate", wrong, names, everybody),
        "label_rate": Rate("label_rate", truth.astype(np.float64), names, everybody),
    }
    return Measured(len(truth), per_row, {"macro_f1": _f1_over_labels(truth, decided)}, rates)


def _log_losses(truth: NDArray[np.int64], predicted: Floats) -> Floats:
    """Per row, in nats; probabilities are kept 1e-7 away from 0 and 1."""
    p = np.clip(predicted, _EDGE, 1 - _EDGE)
    losses: Floats = -np.where(truth == 1, np.log(p), np.log1p(-p))
    return losses


def _log_losses_of(truth: NDArray[Any], probabilities: NDArray[Any], about: About) -> Floats:
    names = spellings(about) or tuple(map(str, range(probabilities.shape[1])))
    place = {name: at for at, name in enumerate(names)}
    given = np.clip(probabilities.astype(np.float64), _EDGE, 1 - _EDGE)
    at = np.array([place.get(each, -1) for each in truth])
    losses: Floats = np.where(at >= 0, -np.log(given[np.arange(len(truth)), at]), np.nan)
    return losses


def _area(truth: NDArray[np.int64], predicted: Floats) -> RankedPair:
    def of(rows: NDArray[np.intp]) -> float:
        below, _ = _placements(truth[rows], predicted[rows])
        return float(below.mean()) if len(below) and len(below) < len(rows) else float("nan")

    below, above = _placements(truth, predicted)
    return RankedPair(of, len(truth), below, above)


def _placements(labels: NDArray[np.int64], predicted: Floats) -> tuple[Floats, Floats]:
    """For each positive the share of negatives below it, for each negative the share of positives above it."""
    is_positive = labels == 1
    positives, negatives = predicted[is_positive], predicted[~is_positive]
    ranks = _ranks(predicted)
    below = (ranks[is_positive] - _ranks(positives)) / max(1, len(negatives))
    above = 1 - (ranks[~is_positive] - _ranks(negatives)) / max(1, len(positives))
    return below, above


def _ranks(values: Floats) -> Floats:
    """From 1; equal values share the mean of theirs."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Floats = (counts.cumsum() - (counts - 1) / 2)[place]
    return ranks


def _frequent(truth: NDArray[Any]) -> tuple[str, ...]:
    names, counts = np.unique(truth.astype(str), return_counts=True)
    return tuple(names[np.argsort(-counts, kind="stable")][:_MOST_CLASSES].tolist())


def _each(cells: NDArray[Any], names: tuple[str, ...]) -> Floats:
    return np.stack([(cells == name).astype(np.float64) for name in names], axis=1)


def _f1_over_labels(truth: NDArray[np.int64], decided: NDArray[np.bool_]) -> Whole:
    said, both = truth + decided, truth * decided

    def of(rows: NDArray[np.intp]) -> float:
        whole = said[rows].sum(axis=0)
        return float(np.divide(2 * both[rows].sum(axis=0), whole, out=np.zeros(len(whole)), where=whole > 0).mean())

    return Whole(of, len(truth))
