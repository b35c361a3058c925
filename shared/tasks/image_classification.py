"""One class for each image; watched is that class, by name."""

from shared.tasks.columns import named
from shared.tasks.task import Task

TASK = Task("image_classification", ("label", "probabilities"), watch=named, by_name=("label", "probabilities"))
