"""One class for each image."""

from shared.tasks.exclusive import classification

TASK = classification("image_classification")
