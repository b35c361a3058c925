"""All tasks by name: each is a file of its own, and nothing else asks which task it is."""

from collections.abc import Mapping

from shared.tasks import (
    binary_classification,
    forecasting,
    generation,
    image_classification,
    image_segmentation,
    multiclass_classification,
    multilabel_classification,
    quantile_regression,
    regression,
    text_classification,
    token_classification,
)
from shared.tasks.task import Task

TASKS: Mapping[str, Task] = {
    task.name: task
    for task in (
        binary_classification.TASK,
        multiclass_classification.TASK,
        multilabel_classification.TASK,
        regression.TASK,
        quantile_regression.TASK,
        forecasting.TASK,
        image_classification.TASK,
        image_segmentation.TASK,
        text_classification.TASK,
        token_classification.TASK,
        *generation.TASKS,
    )
}
