"""One class for each text."""

from shared.tasks.task import Task

TASK = Task("text_classification", answered_by=("label", "probabilities"))
