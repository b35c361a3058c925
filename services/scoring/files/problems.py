"""What is wrong with a file as a whole, and what is wrong with its rows."""

import traceback
from collections.abc import Callable
from pathlib import Path

import numpy as np

from shared.ports.models.inference import Array

# What is wrong with a row, by its place.
type Problems = dict[int, str]


class NotScorable(Exception):
    """Nothing of this file can be scored as it is; the message says why, and names the column where one is at fault."""


def unforeseen(error: Exception) -> str:
    """A mistake of ours, by its kind and its place: what it says may quote rows, which are nobody's business."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"unforeseen: {type(error).__name__} at {Path(last.filename).name}:{last.lineno}"


def blame(problems: Problems, rows: Array, why: Callable[[int], str]) -> None:
    """`rows` is a mask. The first thing found to be wrong with a row stays."""
    for row in np.flatnonzero(rows).tolist():
        problems.setdefault(row, why(row))
