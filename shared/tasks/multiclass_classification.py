"""One of several classes that exclude each other; watched is the class that was chosen."""

from shared.tasks.task import Task

TASK = Task("multiclass_classification", answered_by=("label", "probabilities"))
