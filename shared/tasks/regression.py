"""One number, or several, of which each has its own target."""

from shared.tasks.task import Task

TASK = Task("regression", answered_by=("score",))
