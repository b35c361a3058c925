"""One of two classes; watched is the probability of the positive one, or the class where there is no probability."""

from shared.tasks.columns import by_row, first_of, named
from shared.tasks.task import Answered, Array, Task


def positive_place(classes: tuple[str | int, ...], positive: str | int | None) -> int:
    """Where among the probabilities that of the positive class stands; it is the last unless it is said."""
    return -1 if positive is None else classes.index(positive)


def watch(answered: Answered) -> Array:
    if answered.role == "label":
        return named(answered)
    if answered.role == "probability":
        return first_of(answered.values)
    columns = by_row(answered.values)
    place = positive_place(answered.classes, answered.positive)
    return columns[:, place if columns.shape[1] > 1 else 0]


TASK = Task("binary_classification", ("probability", "probabilities", "label"), watch, by_name=("label",))
