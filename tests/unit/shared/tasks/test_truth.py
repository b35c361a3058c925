"""What each task takes for a truth, and what it does not."""

from typing import Any

import numpy as np
import pytest

from shared.tasks import TASKS, About

SPECIES = About(classes=("setosa", "virginica"), labels=("y",))


@pytest.mark.parametrize(
    ("task", "about", "cell", "truth"),
    [
        ("binary_classification", About(), 1.0, 1),
        ("binary_classification", About(), True, 1),
        ("binary_classification", About(), np.int64(0), 0),
        ("binary_classification", About(), 2, None),
        ("binary_classification", About(), "yes", None),
        ("binary_classification", About(), None, None),
        ("binary_classification", About(classes=("no", "yes")), "yes", 1),
        ("binary_classification", About(classes=("no", "yes"), positive="no"), "yes", 0),
        ("binary_classification", About(classes=(1, 2)), 2.0, 1),
        ("binary_classification", About(classes=(1, 2)), 0, None),
        ("multiclass_classification", SPECIES, "setosa", "setosa"),
        ("multiclass_classification", SPECIES, "versicolor", None),
        ("multiclass_classification", About(classes=(0, 1, 2)), 2.0, "2"),
        ("text_classification", SPECIES, float("nan"), None),
        ("image_classification", About(), 7, "7"),
        ("multilabel_classification", About(), (1.0, 0), (1, 0)),
        ("multilabel_classification", About(), (1.0, 3), None),
        ("multilabel_classification", SPECIES, (0, 1), (0, 1)),
        ("multilabel_classification", SPECIES, ["virginica"], (0, 1)),
        ("multilabel_classification", SPECIES, ["rose"], None),
        ("regression", About(), 3, (3.0,)),
        ("regression", About(), (1.5, 2), (1.5, 2.0)),
        ("regression", About(), (1.5, None), None),
        ("regression", About(), "3", None),
        ("regression", About(), float("inf"), None),
        ("quantile_regression", About(), 2.5, (2.5,)),
        ("forecasting", About(), np.array([1.0, 2.0]), (1.0, 2.0)),
        ("image_segmentation", SPECIES, [[0, 1], ["setosa", None]], ("setosa", "virginica", "setosa", "")),
        ("image_segmentation", SPECIES, [2], None),
        ("token_classification", SPECIES, ["setosa", None, -100], ("setosa", "", "")),
        ("token_classification", SPECIES, ["B-PER"], None),
        ("token_classification", SPECIES, None, None),
    ],
)
def test_a_cell_is_a_truth_of_its_task_or_none(task: str, about: About, cell: Any, truth: Any) -> None:
    assert TASKS[task].truth(cell, about) == truth


def test_every_task_that_can_be_a_package_can_be_judged() -> None:
    for task in TASKS.values():
        if not task.refused:
            assert task.metrics, task.name
            assert task.label_words, task.name
            assert task.truth(None, About()) is None
