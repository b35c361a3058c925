"""A tag for each token of a text."""

from shared.tasks.task import Task

TASK = Task("token_classification", answered_by=("tokens", "probabilities"))
