"""One of several classes for each row."""

from shared.tasks.exclusive import classification

TASK = classification("multiclass_classification")
