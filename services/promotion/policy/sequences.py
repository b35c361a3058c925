"""Confidence sequences: intervals that hold at all looks at once, so that looking every second costs nothing.

For a rate p with k of n events seen and a Beta(a, b) prior over it, the ratio of the prior's density to the
posterior's at the true p,

    R_n(p) = B(a + k, b + n - k) / (B(a, b) p^k (1 - p)^(n - k)),

is a nonnegative martingale that starts at 1. By Ville's inequality it reaches 1/alpha with probability alpha at most,
ever. So { p : R_n(p) < 1/alpha } covers the true rate at every n with probability 1 - alpha, whenever one stops.
Robbins, "Statistical methods related to the law of the iterated logarithm" (1970); in this form Waudby-Smith and
Ramdas, "Confidence sequences for sampling without replacement" (2020), section 2.1 (prior-posterior ratio).
"""

from math import inf, lgamma, log

# Jeffreys' prior: it loses least on rates near zero, which is where error rates are.
_A = _B = 0.5
_STEPS = 40


def rate_within(events: int, of: int, alpha: float) -> tuple[float, float]:
    """Where the rate lies, at all looks together with probability 1 - `alpha`."""
    if not of:
        return 0.0, 1.0
    middle, limit = events / of, -log(alpha)
    low = _edge(events, of, limit, inside=middle, outside=0.0)
    high = _edge(events, of, limit, inside=middle, outside=1.0)
    return low, high


def difference_within(one: tuple[int, int], other: tuple[int, int], alpha: float) -> tuple[float, float]:
    """Where the first rate minus the second lies; each is (events, of). Both hold together by the union bound."""
    low, high = rate_within(*one, alpha / 2)
    other_low, other_high = rate_within(*other, alpha / 2)
    return low - other_high, high - other_low


def _edge(events: int, of: int, limit: float, *, inside: float, outside: float) -> float:
    """By bisection: log R grows from the observed rate towards both ends. The side outside is given back."""
    if _log_ratio(events, of, outside) < limit:
        return outside
    for _ in range(_STEPS):
        middle = (inside + outside) / 2
        if _log_ratio(events, of, middle) < limit:
            inside = middle
        else:
            outside = middle
    return outside


def _log_ratio(events: int, of: int, rate: float) -> float:
    return _log_beta(_A + events, _B + of - events) - _log_beta(_A, _B) - _log_likelihood(events, of, rate)


def _log_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)


def _log_likelihood(events: int, of: int, rate: float) -> float:
    hits = events * log(rate) if events and rate > 0 else (-inf if events else 0.0)
    misses = (of - events) * log(1 - rate) if of > events and rate < 1 else (-inf if of > events else 0.0)
    return hits + misses
