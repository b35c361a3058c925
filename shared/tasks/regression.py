"""One number, or several, of which each has its own target."""

from typing import TYPE_CHECKING

from shared.tasks.task import Answers, Metric, Task
from shared.tasks.truth import numbers

if TYPE_CHECKING:
    from shared.tasks.measuring import Measured


def _measure(answers: Answers) -> "Measured":
    from shared.tasks.measuring.numbers import scores

    return scores(answers)


TASK = Task(
    "regression",
    answered_by=("score",),
    metrics=(Metric("rmse", "lower", "error"), Metric("mae", "lower", "error"), Metric("r2", "higher", "rate")),
    truth=numbers,
    label_words="a number, or one in a column for each target",
    measure=_measure,
)
