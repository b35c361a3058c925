"""What several tasks make a column of, one cell for each row: classes by name, one of several numbers."""

from collections.abc import Sequence
from math import prod

import numpy as np

from shared.tasks.task import Answered, Array
from shared.tasks.truth import class_name


def by_row(values: Array) -> Array:
    """All numbers of a row side by side: [N, ...] as [N, K]."""
    return values.reshape(len(values), prod(values.shape[1:]))


def first_of(values: Array) -> Array:
    """The first number of each row."""
    return by_row(values)[:, 0]


def named(answered: Answered) -> Array:
    """The class of each row by name, of labels or of probabilities [N, C]."""
    if answered.role == "probabilities":
        return most_likely(by_row(answered.values), answered.classes)
    return names_of(first_of(answered.values), answered.classes)


def names_of(labels: Array, classes: Sequence[str | int]) -> Array:
    return _texts([class_name(label, classes) for label in labels.tolist()])


def most_likely(probabilities: Array, classes: Sequence[str | int]) -> Array:
    """None for a row in which one of them is no number."""
    names = [str(each) for each in classes or range(probabilities.shape[1])]
    known = ~np.isnan(probabilities).any(axis=1)
    found = _texts([names[place] for place in np.argmax(probabilities, axis=1).tolist()])
    found[~known] = None
    return found


def _texts(cells: Sequence[str | None]) -> Array:
    found = np.empty(len(cells), dtype=object)
    found[:] = cells
    return found


def middle(values: Array, quantiles: Sequence[float]) -> Array:
    """Of quantiles along the last axis, the one that is nearest to the median."""
    return values[..., int(np.argmin(np.abs(np.asarray(quantiles) - 0.5)))]


def positive(answered: Answered) -> Array:
    """The probability of the positive class, or the class by name where there is no probability."""
    if answered.role == "label":
        return named(answered)
    if answered.role == "probability":
        return first_of(answered.values)
    columns = by_row(answered.values)
    place = -1 if answered.positive is None else answered.classes.index(answered.positive)
    return columns[:, place if columns.shape[1] > 1 else 0]


def how_many(answered: Answered) -> Array:
    """Labels that a row has, which for probabilities is how many are expected."""
    columns = by_row(answered.values)
    if answered.role == "label":
        return np.sum(columns.astype(bool), axis=1, dtype=np.float64)
    return np.sum(columns, axis=1, dtype=np.float64)


def first_score(answered: Answered) -> Array:
    return first_of(answered.values)


def median(answered: Answered) -> Array:
    """Of the first step."""
    return first_of(middle(answered.values, answered.quantiles))


def mean_of_steps(answered: Answered) -> Array:
    """Of the first target and the middle quantile."""
    values = answered.values
    if answered.role == "quantile":
        values = middle(values, answered.quantiles)
    elif answered.has_targets:
        values = values[:, 0]
    return np.mean(by_row(values), axis=1, dtype=np.float64)


def mask_classes(values: Array) -> Array:
    """The class of each pixel by its place, [N, H, W], of a mask [N, H, W] or of planes [N, C, H, W].

    A plane of fractions, as a model of one class writes it, is cut at a half.
    """
    if values.ndim == 4:
        if values.shape[1] > 1:
            return np.argmax(values, axis=1)
        values = values[:, 0]
    return values > 0.5 if values.dtype.kind == "f" else values


def foreground(answered: Answered) -> Array:
    """The share of pixels that are of another class than the first, which is the background."""
    return np.mean(by_row(mask_classes(answered.values)) != 0, axis=1, dtype=np.float64)


NO_TAG = "O"


def tagged(answered: Answered) -> Array:
    """The share of tokens that have a tag. That of one that has none is "O", or the first where no tag is called so; a
    negative number stands for no token."""
    tags = np.argmax(answered.values, axis=-1) if answered.role == "probabilities" else by_row(answered.values)
    if tags.dtype.kind == "O":
        is_token, is_tagged = tags != "", (tags != "") & (tags != NO_TAG)
    else:
        none = answered.classes.index(NO_TAG) if NO_TAG in answered.classes else 0
        is_token, is_tagged = tags >= 0, (tags >= 0) & (tags != none)
    return np.sum(is_tagged, axis=1) / np.maximum(np.sum(is_token, axis=1), 1)
