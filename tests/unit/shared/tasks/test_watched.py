"""What is watched of a model's answers: one cell for each row, by the task and the role of the output."""

from typing import Any

import numpy as np
import pytest

from shared.packages import Signature
from shared.tasks import TASKS, Answered, Role, class_name

NAN = float("nan")
SPECIES = ("setosa", "versicolor", "virginica")


def watched(task: str, role: Role, values: Any, dtype: Any = np.float32, **said: Any) -> list[Any]:
    found: list[Any] = TASKS[task].watch(Answered(np.array(values, dtype), role, **said)).tolist()
    return found


NUMBERS: list[tuple[str, Role, Any, dict[str, Any], list[float]]] = [
    ("binary_classification", "probability", [0.25, 0.5], {}, [0.25, 0.5]),
    ("binary_classification", "probability", [[0.25], [0.5]], {}, [0.25, 0.5]),
    ("binary_classification", "probabilities", [[0.75, 0.25]], {}, [0.25]),
    ("binary_classification", "probabilities", [[0.75, 0.25]], {"classes": (1, 0), "positive": 1}, [0.75]),
    ("binary_classification", "probabilities", [[0.25], [0.5]], {"classes": (0, 1), "positive": 1}, [0.25, 0.5]),
    ("multilabel_classification", "probabilities", [[0.5, 0.25, 1.0]], {}, [1.75]),
    ("regression", "score", [[1.5], [2.5]], {}, [1.5, 2.5]),
    ("regression", "score", [[1.5, 7.0]], {"has_targets": True}, [1.5]),
    ("quantile_regression", "quantile", [[1, 2, 3]], {"quantiles": (0.1, 0.5, 0.9)}, [2]),
    ("quantile_regression", "quantile", [[1, 2]], {"quantiles": (0.8, 0.9)}, [1]),
    ("quantile_regression", "quantile", [[[1, 2], [3, 4]]], {"quantiles": (0.1, 0.6)}, [2]),
    ("forecasting", "score", [[1, 2, 6]], {}, [3]),
    ("forecasting", "score", [[[1, 2, 6], [100, 100, 100]]], {"has_targets": True}, [3]),
    ("forecasting", "quantile", [[[0, 1, 9], [0, 3, 9]]], {"quantiles": (0.1, 0.5, 0.9)}, [2]),
    ("image_segmentation", "mask", [[[0.4, 0.6], [0.7, 0.1]]], {}, [0.5]),
    ("image_segmentation", "mask", [[[[0.4, 0.6], [0.7, 0.8]]]], {}, [0.75]),
    ("image_segmentation", "mask", [[[[5, 1]], [[1, 5]]]], {}, [0.5]),
    ("token_classification", "probabilities", [[[0.9, 0.1], [0.2, 0.8]]], {"classes": ("O", "LOC")}, [0.5]),
]


@pytest.mark.parametrize(("task", "role", "values", "said", "expected"), NUMBERS)
def test_a_number_for_each_row(task: str, role: Role, values: Any, said: dict[str, Any], expected: list[float]) -> None:
    assert watched(task, role, values, **said) == expected
    assert role not in TASKS[task].by_name


def test_labels_and_tags_are_counted() -> None:
    assert watched("multilabel_classification", "label", [[1, 0, 1], [0, 0, 0]], np.int64) == [2, 0]
    assert watched("image_segmentation", "mask", [[[0, 2], [0, 0]]], np.uint8) == [0.25]
    ints = watched("token_classification", "tokens", [[2, 0, 1, -100], [-100] * 4], np.int64, classes=("B", "I", "O"))
    assert ints == [pytest.approx(2 / 3), 0]
    assert watched("token_classification", "tokens", [["LOC", "O", "O", ""]], object) == [pytest.approx(1 / 3)]


@pytest.mark.parametrize(
    "task", ["multiclass_classification", "image_classification", "text_classification", "binary_classification"]
)
def test_a_label_is_the_class_by_name(task: str) -> None:
    assert "label" in TASKS[task].by_name
    assert watched(task, "label", [2, 0], np.int64, classes=SPECIES) == ["virginica", "setosa"]
    assert watched(task, "label", [[2], [7]], np.int64) == ["2", "7"]
    assert watched(task, "label", [5, 3], np.int64, classes=(3, 5)) == ["5", "3"]
    assert watched(task, "label", [1, 0], np.int64, classes=(1, 0)) == ["1", "0"]
    assert watched(task, "label", ["yes", ""], object) == ["yes", None]
    assert watched(task, "label", [True, False], np.bool_) == ["true", "false"]


@pytest.mark.parametrize("task", ["multiclass_classification", "image_classification", "text_classification"])
def test_the_most_likely_class_by_name(task: str) -> None:
    rows = [[0.1, 0.7, 0.2], [0.5, 0.2, 0.3], [NAN, 0.9, 0.1]]
    assert watched(task, "probabilities", rows, classes=SPECIES) == ["versicolor", "setosa", None]
    assert watched(task, "probabilities", rows) == ["1", "0", None]
    assert watched(task, "probabilities", rows, classes=(1, 2, 3)) == ["2", "1", None]


@pytest.mark.parametrize(("task", "role", "values", "said", "expected"), NUMBERS)
def test_no_rows_are_no_cells(task: str, role: Role, values: Any, said: dict[str, Any], expected: list[float]) -> None:
    assert watched(task, role, np.array(values, np.float32)[:0], **said) == []


def test_labels_of_whatever_type_are_named_alike() -> None:
    assert [class_name(each, SPECIES) for each in (1, 1.0, np.int8(1), "versicolor")] == ["versicolor"] * 4
    assert [class_name(each) for each in (1.5, None, NAN, "", True)] == ["1.5", None, None, None, "true"]
    assert [class_name(each, ("no", "yes")) for each in (True, False, 2)] == ["yes", "no", "2"]


def test_a_signature_knows_its_watched_column() -> None:
    outputs = [
        {"name": "class", "datatype": "INT64", "shape": [-1]},
        {"name": "p", "datatype": "FP32", "shape": [-1, 3], "role": "probabilities"},
    ]
    signature = Signature.model_validate(
        {
            "format": 2, "task": "multiclass_classification", "inputs": [{"name": "x", "datatype": "FP32"}],
            "outputs": outputs, "labels": ["species"], "classes": SPECIES,
        }
    )  # fmt: skip
    found = signature.watch({"class": np.array([9]), "p": np.array([[0.1, 0.2, 0.7]])})
    assert (signature.prediction, signature.watched_kind, found.tolist()) == ("p", "categorical", ["virginica"])
