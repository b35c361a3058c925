"""One class for each image."""

from shared.tasks.task import Task

TASK = Task("image_classification", answered_by=("label", "probabilities"))
