"""Quantiles of a number."""

from shared.tasks.task import Task

TASK = Task("quantile_regression", answered_by=("quantile",))
