"""Figures of classes that come from counting who was taken for whom."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.tasks.measuring.measured import Floats, Whole


def macro_f1(truth: NDArray[Any], chosen: NDArray[Any]) -> Whole:
    """Mean of F1 over all classes that were seen or chosen."""
    names, places = np.unique(np.concatenate([truth, chosen]).astype(str), return_inverse=True)
    was, is_now = places[: len(truth)], places[len(truth) :]

    def of(rows: NDArray[np.intp]) -> float:
        return float(np.nanmean(f1_of(was[rows], is_now[rows], len(names))))

    return Whole(of, len(truth))


def f1_of(was: NDArray[np.intp], is_now: NDArray[np.intp], classes: int) -> Floats:
    """For each class; NaN for one that is neither."""
    right = np.bincount(was[was == is_now], minlength=classes)
    said = np.bincount(was, minlength=classes) + np.bincount(is_now, minlength=classes)
    found: Floats = np.divide(2.0 * right, said, out=np.full(classes, np.nan), where=said > 0)
    return found
