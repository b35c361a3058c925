"""Figures of a binary classifier on labelled rows, and whether a difference of two is more than chance.

By numpy alone: what scikit-learn and SciPy have for these few figures takes longer to import than a job to run.
"""

import numpy as np
from numpy.typing import NDArray

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
        "brier": float(np.square(predicted - labels).mean()),
        "accuracy": float(np.mean((predicted >= threshold) == (labels == 1))),
        "positive_rate": float(labels.mean()),
    }
    if 0 < labels.sum() < len(labels):
        figures["roc_auc"] = float(_placements(labels, predicted)[0].mean())
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
    ranks = _ranks(predicted)
    below = (ranks[is_positive] - _ranks(positives)) / len(negatives)
    above = 1 - (ranks[~is_positive] - _ranks(negatives)) / len(positives)
    return below, above


def _ranks(values: Floats) -> Floats:
    """From 1; equal values share the mean of theirs."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Floats = (counts.cumsum() - (counts - 1) / 2)[place]
    return ranks
