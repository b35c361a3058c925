"""One of two classes; watched is the probability of the positive one, or the class where there is no probability."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from shared.tasks.task import About, Answered, Answers, Array, Metric, Role, Task
from shared.tasks.truth import yes_or_no

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shared.tasks.measuring import Measured

_METRICS = (Metric("roc_auc", "higher", "rate"), Metric("log_loss", "lower", "nats"))


def _watch(answered: Answered) -> Array:
    from shared.tasks.columns import positive

    return positive(answered)


def _measure(answers: Answers) -> "Measured":
    from shared.tasks.measuring.classes import binary

    return binary(answers)


def _faults(outputs: "Mapping[Role, NDArray[Any]]", about: About) -> tuple[str, ...]:
    from shared.tasks.measuring.faults import of_classes, of_probabilities

    return (*of_probabilities(outputs, add_up=True), *of_classes(outputs, about, "label"))


TASK = Task(
    "binary_classification",
    answered_by=("probability", "probabilities", "label"),
    watch=_watch,
    by_name=("label",),
    watched_as="probability",
    metrics=_METRICS,
    truth=yes_or_no,
    label_words="one of two classes: 0 or 1, or one of `classes`",
    measure=_measure,
    faults=_faults,
)
