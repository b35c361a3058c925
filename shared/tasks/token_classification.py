"""A tag for each token of a text; watched is the share of tokens that have one.

The tag of a token that has none is "O", or the first where no tag is called so. A negative number stands for no token.
"""

import numpy as np

from shared.tasks.columns import by_row
from shared.tasks.task import Answered, Array, Task

NO_TAG = "O"


def tags_of(answered: Answered) -> Array:
    """[N, S]: what `tokens` says, or the place of the most likely tag."""
    if answered.role == "probabilities":
        return np.argmax(answered.values, axis=-1)
    return by_row(answered.values)


def watch(answered: Answered) -> Array:
    tags = tags_of(answered)
    if tags.dtype.kind == "O":
        is_token, is_tagged = tags != "", (tags != "") & (tags != NO_TAG)
    else:
        none = answered.classes.index(NO_TAG) if NO_TAG in answered.classes else 0
        is_token, is_tagged = tags >= 0, (tags >= 0) & (tags != none)
    return np.sum(is_tagged, axis=1) / np.maximum(np.sum(is_token, axis=1), 1)


TASK = Task("token_classification", ("tokens", "probabilities"), watch)
