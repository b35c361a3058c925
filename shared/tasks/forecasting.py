"""A number for each step of a horizon; watched is their mean."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from shared.tasks.task import About, Answered, Answers, Array, Metric, Role, Task
from shared.tasks.truth import numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shared.tasks.measuring import Measured


def _watch(answered: Answered) -> Array:
    from shared.tasks.columns import mean_of_steps

    return mean_of_steps(answered)


def _measure(answers: Answers) -> "Measured":
    from shared.tasks.measuring.numbers import forecasts

    return forecasts(answers)


def _faults(outputs: "Mapping[Role, NDArray[Any]]", about: About) -> tuple[str, ...]:
    from shared.tasks.measuring.faults import of_quantiles

    return of_quantiles(outputs)


TASK = Task(
    "forecasting",
    answered_by=("score", "quantile"),
    watch=_watch,
    metrics=(
        Metric("wape", "lower", "rate"),
        Metric("mae", "lower", "error"),
        Metric("rmse", "lower", "error"),
        Metric("pinball_loss", "lower", "error"),
    ),
    truth=numbers,
    label_words="a number for each step: a column for each, or a list of them",
    measure=_measure,
    faults=_faults,
)
