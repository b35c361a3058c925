"""One number, or several, of which each has its own target; watched is the first."""

from typing import TYPE_CHECKING

from shared.tasks.task import Answered, Answers, Array, Metric, Task
from shared.tasks.truth import numbers

if TYPE_CHECKING:
    from shared.tasks.measuring import Measured


def _watch(answered: Answered) -> Array:
    from shared.tasks.columns import first_score

    return first_score(answered)


def _measure(answers: Answers) -> "Measured":
    from shared.tasks.measuring.numbers import scores

    return scores(answers)


TASK = Task(
    "regression",
    answered_by=("score",),
    watch=_watch,
    watched_as="score",
    metrics=(Metric("rmse", "lower", "error"), Metric("mae", "lower", "error"), Metric("r2", "higher", "rate")),
    truth=numbers,
    label_words="a number, or one in a column for each target",
    measure=_measure,
)
