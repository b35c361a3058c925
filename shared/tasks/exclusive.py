"""One of several classes that exclude each other, whatever it is that is classified; watched is its name."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from shared.tasks.task import About, Answered, Answers, Array, Metric, Role, Task
from shared.tasks.truth import one_class

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shared.tasks.measuring import Measured


def _watch(answered: Answered) -> Array:
    from shared.tasks.columns import named

    return named(answered)


def _measure(answers: Answers) -> "Measured":
    from shared.tasks.measuring.classes import one_of_several

    return one_of_several(answers)


def _faults(outputs: "Mapping[Role, NDArray[Any]]", about: About) -> tuple[str, ...]:
    from shared.tasks.measuring.faults import of_classes, of_probabilities

    return (*of_probabilities(outputs, add_up=True), *of_classes(outputs, about, "label"))


def classification(name: str) -> Task:
    """The task of this name."""
    return Task(
        name,
        answered_by=("label", "probabilities"),
        watch=_watch,
        by_name=("label", "probabilities"),
        watched_as="label",
        metrics=(
            Metric("accuracy", "higher", "rate"),
            Metric("macro_f1", "higher", "rate"),
            Metric("log_loss", "lower", "nats"),
        ),
        truth=one_class,
        label_words="one of `classes`, by its name",
        measure=_measure,
        faults=_faults,
    )
