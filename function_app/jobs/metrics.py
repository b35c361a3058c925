"""Figures of a binary classifier on labelled rows, and whether a difference of two is more than chance."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata
from sklearn.metrics import brier_score_loss, roc_auc_score

type Floats = NDArray[np.float64]
type Labels = NDArray[np.int64]

_EDGE = 1e-7
# Two-sided 95 %.
Z95 = 1.959964


def log_losses(labels: Labels, predicted: Floats) -> Floats:
    """Per row, in nats; probabilities are kept 1e-7 away from 0 and 1."""
    p = np.clip(predicted, _EDGE, 1 - _EDGE)
    losses: Floats = -np.where(labels == 1, np.log(p), np.log1p(-p))
    return losses


def classifier_metrics(labels: Labels, predicted: Floats, threshold: float) -> dict[str, float]:
    """roc_auc (left out while only one class was seen), log_loss, brier, accuracy, positive_rate; {} without rows."""
    if not len(labels):
        return {}
    figures = {
        "log_loss": float(log_losses(labels, predicted).mean()),
        "brier": float(brier_score_loss(labels, predicted, pos_label=1)),
        "accuracy": float(np.mean((predicted >= threshold) == (labels == 1))),
        "positive_rate": float(labels.mean()),
    }
    if 0 < labels.sum() < len(labels):
        figures["roc_auc"] = float(roc_auc_score(labels, predicted))
    return figures


def mean_and_margin(differences: Floats) -> tuple[float, float]:
    """Mean, and half the width of its 95 % confidence interval (normal approximation)."""
    return float(differences.mean()), Z95 * float(differences.std(ddof=1) / np.sqrt(len(differences)))


def roc_auc_difference(labels: Labels, first: Floats, second: Floats) -> tuple[float, float]:
    """AUC of `first` minus AUC of `second` on the same rows, and half its 95 % interval.

    DeLong, DeLong and Clarke-Pearson, "Comparing the areas under two or more correlated receiver operating
    characteristic curves", 1988, by ranks as Sun and Xu, 2014.
    """
    pairs = zip(_placements(labels, first), _placements(labels, second), strict=True)
    of_positives, of_negatives = (one - other for one, other in pairs)
    variance = of_positives.var(ddof=1) / len(of_positives) + of_negatives.var(ddof=1) / len(of_negatives)
    return float(of_positives.mean()), Z95 * float(np.sqrt(variance))


def _placements(labels: Labels, predicted: Floats) -> tuple[Floats, Floats]:
    """For each positive the share of negatives below it, for each negative the share of positives above it."""
    is_positive = labels == 1
    positives, negatives = predicted[is_positive], predicted[~is_positive]
    ranks = rankdata(predicted)
    below = (ranks[is_positive] - rankdata(positives)) / len(negatives)
    above = 1 - (ranks[~is_positive] - rankdata(negatives)) / len(positives)
    return below, above
