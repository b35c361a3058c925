"""Any number of labels at once; watched is how many a row has, which for probabilities is how many are expected."""

import numpy as np

from shared.tasks.columns import by_row
from shared.tasks.task import Answered, Array, Task


def watch(answered: Answered) -> Array:
    columns = by_row(answered.values)
    if answered.role == "label":
        return np.sum(columns.astype(bool), axis=1, dtype=np.float64)
    return np.sum(columns, axis=1, dtype=np.float64)


TASK = Task("multilabel_classification", ("probabilities", "label"), watch)
