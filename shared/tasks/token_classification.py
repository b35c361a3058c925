"""A tag for each token of a text; watched is the share of tokens that have one."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from shared.tasks.task import About, Answered, Answers, Array, Metric, Role, Task
from shared.tasks.truth import sequence_of_classes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shared.tasks.measuring import Measured


def _watch(answered: Answered) -> Array:
    from shared.tasks.columns import tagged

    return tagged(answered)


def _measure(answers: Answers) -> "Measured":
    from shared.tasks.measuring.sequences import tokens

    return tokens(answers)


def _faults(outputs: "Mapping[Role, NDArray[Any]]", about: About) -> tuple[str, ...]:
    from shared.tasks.measuring.faults import of_classes, of_probabilities

    return (*of_probabilities(outputs, add_up=True), *of_classes(outputs, about, "tokens"))


TASK = Task(
    "token_classification",
    answered_by=("tokens", "probabilities"),
    watch=_watch,
    metrics=(Metric("macro_f1", "higher", "rate"), Metric("accuracy", "higher", "rate")),
    truth=sequence_of_classes,
    label_words="a list with a tag for each token; null, -100 and empty text mark places without one",
    measure=_measure,
    faults=_faults,
)
