"""Any number of labels at once; watched is how many a row has."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from shared.tasks.task import About, Answered, Answers, Array, Metric, Role, Task
from shared.tasks.truth import set_of_classes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shared.tasks.measuring import Measured


def _watch(answered: Answered) -> Array:
    from shared.tasks.columns import how_many

    return how_many(answered)


def _measure(answers: Answers) -> "Measured":
    from shared.tasks.measuring.classes import several_at_once

    return several_at_once(answers)


def _faults(outputs: "Mapping[Role, NDArray[Any]]", about: About) -> tuple[str, ...]:
    from shared.tasks.measuring.faults import of_probabilities

    return of_probabilities(outputs, add_up=False)


TASK = Task(
    "multilabel_classification",
    answered_by=("probabilities", "label"),
    watch=_watch,
    metrics=(
        Metric("macro_f1", "higher", "rate"),
        Metric("hamming_loss", "lower", "rate"),
        Metric("log_loss", "lower", "nats"),
    ),
    truth=set_of_classes,
    label_words="0 or 1 in a column for each label, or a list of those of `classes` that hold",
    measure=_measure,
    faults=_faults,
)
