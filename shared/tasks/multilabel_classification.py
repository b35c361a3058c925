"""Any number of labels at once; watched is the probability of each."""

from shared.tasks.task import Task

TASK = Task("multilabel_classification", answered_by=("probabilities", "label"))
