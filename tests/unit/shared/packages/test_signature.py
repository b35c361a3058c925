"""Signatures of format 2 for every task, format 1 read as it was meant, and every contradiction named."""

from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import ValidationError

from shared.packages import Signature
from shared.tasks import TASKS

MATRIX = {
    "name": "X", "tensor": "float_input", "datatype": "FP32", "shape": [-1, 2],
    "features": [{"name": "mean radius", "nullable": True}, {"name": "größe.cm"}],
}  # fmt: skip
LABEL = {"name": "class", "datatype": "INT64", "shape": [-1], "role": "label"}
PROBABILITIES = {
    "name": "p",
    "tensor": "output_probability",
    "datatype": "FP32",
    "shape": [-1, 3],
    "role": "probabilities",
}
IRIS: Mapping[str, Any] = {
    "format": 2, "task": "multiclass_classification", "inputs": [MATRIX], "outputs": [LABEL, PROBABILITIES],
    "labels": ["species"], "classes": ["setosa", "versicolor", "virginica"],
}  # fmt: skip
# An output that answers each task.
ANSWERS: Mapping[str, dict[str, Any]] = {
    "binary_classification": {"datatype": "FP64", "shape": [-1, 2], "role": "probabilities"},
    "multiclass_classification": {"datatype": "BYTES", "shape": [-1], "role": "label"},
    "multilabel_classification": {"datatype": "FP32", "shape": [-1, 5], "role": "probabilities"},
    "regression": {"datatype": "FP64", "shape": [-1, 3], "role": "score", "targets": ["a", "b", "c"]},
    "quantile_regression": {"datatype": "FP32", "shape": [-1, 2], "role": "quantile", "quantiles": [0.1, 0.9]},
    "forecasting": {"datatype": "FP32", "shape": [-1, 24], "role": "score"},
    "image_classification": {"datatype": "FP16", "shape": [-1, 10], "role": "probabilities"},
    "image_segmentation": {"datatype": "UINT8", "shape": [-1, -1, -1], "role": "mask"},
    "text_classification": {"datatype": "INT64", "shape": [-1], "role": "label"},
    "token_classification": {"datatype": "BF16", "shape": [-1, -1, 9], "role": "probabilities"},
}
FORMAT_1: Mapping[str, Any] = {
    "inputs": [{"name": "temp", "datatype": "FP32", "kind": "numeric", "nullable": True}],
    "outputs": [
        {"name": "label", "datatype": "INT64", "shape": [-1]},
        {"name": "p", "datatype": "FP32", "shape": [-1]},
    ],
    "prediction": "p", "task": "binary_classification", "label": "late", "groups": ["origin"],
}  # fmt: skip


def of(**changed: Any) -> Signature:
    return Signature.model_validate({**IRIS, **changed})


def test_files_see_columns_and_the_graph_its_own_names() -> None:
    signature = of()
    assert signature.input_names == ("mean radius", "größe.cm")
    assert [each.graph_name for each in signature.inputs] == ["float_input"]
    assert [each.graph_name for each in signature.outputs] == ["class", "output_probability"]


@pytest.mark.parametrize("task", sorted(ANSWERS))
def test_each_task_watches_what_answers_it(task: str) -> None:
    signature = of(task=task, outputs=[{"name": "answer", **ANSWERS[task]}], classes=None)
    assert (signature.prediction, signature.task_kind.name) == ("answer", task)


def test_every_task_is_answered_or_refused_with_a_reason() -> None:
    assert {name for name, task in TASKS.items() if not task.refused} == set(ANSWERS)
    assert all(bool(task.refused) != bool(task.answered_by) for task in TASKS.values())


def test_format_1_is_read_as_it_was_meant() -> None:
    signature = Signature.model_validate(FORMAT_1)
    assert (signature.format, signature.prediction, signature.label) == (2, "p", "late")
    assert [each.shape for each in signature.inputs] == [(-1, 1)]
    assert [each.role for each in signature.outputs] == [None, "probability"]


def test_a_matrix_of_probabilities_in_format_1_is_one() -> None:
    outputs = [{"name": "p", "datatype": "FP32", "shape": [-1, 2]}]
    assert Signature.model_validate({**FORMAT_1, "outputs": outputs}).watched.role == "probabilities"


def test_what_was_read_is_written_and_read_again_as_the_same() -> None:
    for signature in (of(), Signature.model_validate(FORMAT_1)):
        assert Signature.model_validate_json(signature.model_dump_json()) == signature


def test_a_graph_that_takes_one_row_at_a_time_says_so() -> None:
    one = [{"name": "image", "datatype": "UINT8", "shape": [1, 3, 8, 8], "kind": "image"}]
    signature = of(inputs=one, outputs=[{**LABEL, "shape": [1]}])
    assert signature.is_row_by_row
    assert not of().is_row_by_row


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"task": "clustering"}, "task: 'clustering' is not known; there are binary_classification"),
        ({"task": "translation"}, "a model for translation is no package: what it writes"),
        ({"task": "regression"}, "regression needs one with role score"),
        ({"outputs": [{**PROBABILITIES, "role": "probability"}]}, r"'p' has shape \[N, 3\]; role probability is one"),
        ({"outputs": [{**PROBABILITIES, "shape": [-1, 2]}]}, r"'p' has shape \[N, 2\]; 3 classes end it in 3"),
        ({"outputs": [{**PROBABILITIES, "datatype": "INT64"}]}, "'p' has datatype INT64; role probabilities is a"),
        ({"outputs": [LABEL, {**PROBABILITIES, "name": "class"}]}, "'class' names two columns"),
        ({"outputs": [LABEL, {**PROBABILITIES, "tensor": "class"}]}, "'class' names two columns"),
        ({"inputs": [{**MATRIX, "shape": [-1, 30]}]}, r"2 features make shape \[N, 2\], found \[N, 30\]"),
        ({"inputs": [{**MATRIX, "shape": [5, 2]}]}, "the first dimension is that of the rows"),
        ({"inputs": [{**MATRIX, "shape": [1, 2]}]}, "either all tensors begin with -1, or all with 1"),
        ({"inputs": [{**MATRIX, "datatype": "INT64"}]}, "datatype INT64 has no null"),
        ({"inputs": [{**MATRIX, "features": None, "shape": [-1, 0]}]}, "a dimension is -1 or at least 1"),
        ({"labels": ["mean radius"]}, "label 'mean radius' is an input"),
        ({"labels": ["prediction"]}, "'prediction' is a column of reference.parquet with a meaning of its own"),
        ({"labels": ["a", "a"]}, "'a' names two columns"),
        ({"positive": "none"}, "positive: 'none' is not one of the classes"),
        ({"files": ["../x"]}, "files.0"),
        ({"files": ["a/b/c"]}, "files.0"),
        ({"format": 3}, "format"),
    ],
)  # fmt: skip
def test_a_contradiction_is_named(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        of(**changed)


@pytest.mark.parametrize("levels", [[], [0.9, 0.1], [0.1, 0.1], [0.0, 0.5], [0.5, 1.0], [0.5]])
def test_quantiles_are_rising_levels_as_many_as_columns(levels: list[float]) -> None:
    output = {"name": "q", "datatype": "FP32", "shape": [-1, 2], "role": "quantile", "quantiles": levels}
    with pytest.raises(ValidationError, match="quantiles"):
        of(task="quantile_regression", outputs=[output], classes=None)
