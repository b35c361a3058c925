"""A class for each pixel of an image."""

from shared.tasks.task import Task

TASK = Task("image_segmentation", answered_by=("mask",))
