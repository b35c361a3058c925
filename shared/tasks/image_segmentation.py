"""A class for each pixel of an image; watched is the share that is not background."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from shared.tasks.task import About, Answered, Answers, Array, Metric, Role, Task
from shared.tasks.truth import pixel_classes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shared.tasks.measuring import Measured


def _watch(answered: Answered) -> Array:
    from shared.tasks.columns import foreground

    return foreground(answered)


def _measure(answers: Answers) -> "Measured":
    from shared.tasks.measuring.sequences import pixels

    return pixels(answers)


def _faults(outputs: "Mapping[Role, NDArray[Any]]", about: About) -> tuple[str, ...]:
    from shared.tasks.measuring.faults import of_masks

    return of_masks(outputs, about)


TASK = Task(
    "image_segmentation",
    answered_by=("mask",),
    watch=_watch,
    metrics=(Metric("mean_iou", "higher", "rate"), Metric("pixel_accuracy", "higher", "rate")),
    truth=pixel_classes,
    label_words="a list with a class for each pixel, row by row",
    measure=_measure,
    faults=_faults,
)
