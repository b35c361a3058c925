"""One class for each text; watched is that class, by name."""

from shared.tasks.columns import named
from shared.tasks.task import Task

TASK = Task("text_classification", ("label", "probabilities"), watch=named, by_name=("label", "probabilities"))
