"""One of several classes that exclude each other; watched is the class that was chosen, by name."""

from shared.tasks.columns import named
from shared.tasks.task import Task

TASK = Task("multiclass_classification", ("label", "probabilities"), watch=named, by_name=("label", "probabilities"))
