"""One of two classes; watched is the probability of the positive one."""

from shared.tasks.task import Task

TASK = Task("binary_classification", answered_by=("probability", "probabilities", "label"))
