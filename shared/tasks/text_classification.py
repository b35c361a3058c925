"""One class for each text."""

from shared.tasks.exclusive import classification

TASK = classification("text_classification")
