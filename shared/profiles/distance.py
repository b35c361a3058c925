"""Distances between two vectors of counts over the same buckets."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

_PRIOR = 0.5


def shares(counts: ArrayLike) -> NDArray[np.float64]:
    """Counts as shares with Jeffreys' prior: (c_i + 1/2) / (n + B/2) for B buckets, so that no share is zero."""
    padded = np.asarray(counts, dtype=np.float64) + _PRIOR
    result: NDArray[np.float64] = padded / padded.sum()
    return result


def psi(expected: ArrayLike, actual: ArrayLike) -> float:
    """Population stability index: sum over buckets of (a_i - e_i) ln(a_i / e_i), with `shares` of the counts.

    It is Kullback and Leibler's symmetric divergence J, KL(a|e) + KL(e|a), in nats ("On Information and Sufficiency",
    1951, eq. 2.6); the name and the customary thresholds 0.1 and 0.25 come from credit scoring (Siddiqi, "Credit Risk
    Scorecards", 2006). Small samples inflate it: see `psi_without_change`.
    """
    e, a = shares(expected), shares(actual)
    return float(np.sum((a - e) * np.log(a / e)))


def js_distance(expected: ArrayLike, actual: ArrayLike) -> float:
    """Jensen-Shannon distance, 0 to 1: sqrt((KL(e|m) + KL(a|m)) / 2), m = (e + a) / 2, logarithms to base 2.

    Lin, "Divergence Measures Based on the Shannon Entropy", 1991; the root is a metric (Endres and Schindelin, 2003).
    """
    e, a = shares(expected), shares(actual)
    m = (e + a) / 2
    divergence = np.sum(e * np.log2(e / m)) + np.sum(a * np.log2(a / m))
    return float(np.sqrt(max(divergence, 0.0) / 2))


def psi_without_change(buckets: int, expected_rows: int, actual_rows: int) -> float:
    """What `psi` comes to on average when nothing changed: about (B - 1)(1/n + 1/m).

    Yurdakul and Naranjo, "Statistical properties of the population stability index", 2020. With 12 buckets and 500
    rows that is 0.02; with 50 rows it is 0.22, which is why policy asks for a minimum of rows.
    """
    return (buckets - 1) * (1 / expected_rows + 1 / actual_rows)
