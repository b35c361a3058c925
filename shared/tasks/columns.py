"""What several tasks make a column of, one cell for each row: classes by name, one of several numbers."""

from collections.abc import Sequence
from math import prod

import numpy as np

from shared.tasks.task import Answered, Array


def by_row(values: Array) -> Array:
    """All numbers of a row side by side: [N, ...] as [N, K]."""
    return values.reshape(len(values), prod(values.shape[1:]))


def first_of(values: Array) -> Array:
    """The first number of each row."""
    return by_row(values)[:, 0]


def class_name(value: object, classes: Sequence[str | int] = ()) -> str | None:
    """The name of what a label says: a text is one; a whole number is a class, or the place of one that has a name."""
    if value is None or value != value:
        return None
    if isinstance(value, bool | np.bool_):
        value = int(value) if classes else str(value).lower()
    if isinstance(value, str):
        return value or None
    if isinstance(value, float | np.floating) and not value.is_integer():
        return str(value)
    number = int(value)  # type: ignore[call-overload]
    has_places = number not in classes and 0 <= number < len(classes)
    return str(classes[number] if has_places else number)


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
