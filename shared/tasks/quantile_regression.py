"""Quantiles of a number; watched is the one nearest to the median."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from shared.tasks.task import About, Answered, Answers, Array, Metric, Role, Task
from shared.tasks.truth import numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shared.tasks.measuring import Measured


def _watch(answered: Answered) -> Array:
    from shared.tasks.columns import median

    return median(answered)


def _measure(answers: Answers) -> "Measured":
    from shared.tasks.measuring.numbers import quantiles

    return quantiles(answers)


def _faults(outputs: "Mapping[Role, NDArray[Any]]", about: About) -> tuple[str, ...]:
    from shared.tasks.measuring.faults import of_quantiles

    return of_quantiles(outputs)


TASK = Task(
    "quantile_regression",
    answered_by=("quantile",),
    watch=_watch,
    metrics=(Metric("pinball_loss", "lower", "error"), Metric("coverage_error", "lower", "rate")),
    truth=numbers,
    label_words="a number",
    measure=_measure,
    faults=_faults,
)
