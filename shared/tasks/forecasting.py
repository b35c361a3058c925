"""A number for each step of a horizon."""

from shared.tasks.task import Task

TASK = Task("forecasting", answered_by=("score", "quantile"))
