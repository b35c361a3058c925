"""Graphs as converters leave them."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from onnx import TensorProto, helper
from skl2onnx import to_onnx
from sklearn.base import clone

from function_app.model_builder.errors import CannotBuild
from function_app.model_builder.libraries.onnx_file import OnnxFile
from shared.packages.graph_file import read_graph
from tests.unit.model_builder.material import built, graph, logistic, numbers, sigmoid, tumours


def test_zipmap_becomes_a_matrix_and_real_names_of_columns_stay() -> None:
    features = tumours().drop(columns="benign")
    body = to_onnx(logistic(), features[:1].astype(np.float32)).SerializeToString()
    assert any("map" in each.datatype for each in read_graph(body).outputs)
    signature = built(OnnxFile(body), tumours(), ["benign"]).signature
    assert signature.watched.shape == (-1, 2)
    assert (signature.inputs[0].name, signature.inputs[0].tensor) == ("mean radius", "mean_radius")


def test_classes_may_be_texts_and_the_input_a_matrix() -> None:
    named = tumours()["benign"].map({0: "malignant", 1: "benign"})
    rows = tumours().drop(columns="benign").assign(diagnosis=named)
    features = rows.drop(columns="diagnosis").to_numpy(np.float32)
    model = clone(logistic()).fit(features, named)
    body = to_onnx(model, features[:1]).SerializeToString()
    signature = built(OnnxFile(body), rows, ["diagnosis"], positive="malignant").signature
    assert [(each.datatype, each.role) for each in signature.outputs] == [("BYTES", "label"), ("FP32", "probabilities")]
    assert (signature.classes, signature.positive) == (("benign", "malignant"), "malignant")
    assert signature.input_names[0] == "mean radius"


def test_a_fixed_row_is_freed_where_rows_do_not_matter_to_each_other() -> None:
    signature = built(OnnxFile(sigmoid(shape=(1, 1))), numbers()).signature
    assert signature.inputs[0].shape == (-1, 1)


def test_a_fixed_row_stays_where_rows_matter_to_each_other() -> None:
    one = ("x", TensorProto.FLOAT, [1, 1]), ("probability", TensorProto.FLOAT, [1, 1])
    nodes = [helper.make_node("Softmax", ["x"], ["probability"], axis=0)]
    signature = built(OnnxFile(graph(nodes, one[:1], one[1:])), numbers()).signature
    assert (signature.inputs[0].shape, signature.is_row_by_row) == ((1, 1), True)


def test_a_matrix_takes_the_columns_that_are_named_in_their_order() -> None:
    nodes = [helper.make_node("ReduceSum", ["X"], ["score"], axes=[1])]
    body = graph(nodes, [("X", TensorProto.FLOAT, ["N", 2])], [("score", TensorProto.FLOAT, ["N", 1])], opset=11)
    rows = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0], "c": [5.0, 6.0], "y": [0.5, 1.5]})
    with pytest.raises(CannotBuild, match="has 2 columns, the data has 3"):
        built(OnnxFile(body), rows)
    signature = built(OnnxFile(body), rows, features=("c", "a")).signature
    assert signature.input_names == ("c", "a")


def test_rows_later_than_the_training_are_known_by_time() -> None:
    rows = numbers().assign(day=pd.date_range("2025-01-01", periods=40, freq="D"))
    made = built(OnnxFile(sigmoid()), rows, time="day", trained_until=datetime(2025, 1, 31, tzinfo=UTC))
    assert made.metrics["rows"] == 10
    assert made.files["trained_until"] == b"2025-01-31T00:00:00+00:00\n"


def test_without_a_moment_it_is_trained_until_its_last_row() -> None:
    rows = numbers().assign(day=pd.date_range("2025-01-01", periods=40, freq="D"))
    made = built(OnnxFile(sigmoid()), rows, time="day")
    assert made.files["trained_until"] == b"2025-02-09T00:00:00.000001+00:00\n"


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"labels": ["z"]}, r"label: there is no column 'z' in the data; it has 'x', 'y'"),
        ({"task": "translation"}, "task: a model for translation is no package"),
        ({"task": "regresion"}, "task: 'regresion' is not known; there are"),
        ({"positive": "2"}, "positive: '2' is not one of the classes 0, 1"),
        ({"time": "x"}, "time: column 'x' holds no times|time"),
        ({"groups": ("k",)}, "groups: there is no column 'k'"),
        ({"task": "multilabel_classification", "labels": ["y"]}, "outputs: multilabel_classification is answered by"),
    ],
)
def test_what_cannot_be_is_said_by_name(wanted: dict[str, object], said: str) -> None:
    labels = wanted.pop("labels", ["y"])
    with pytest.raises(CannotBuild, match=said):
        built(OnnxFile(sigmoid()), numbers(), labels, **wanted)  # type: ignore[arg-type]


def test_a_file_that_is_no_graph_is_refused() -> None:
    with pytest.raises(CannotBuild, match="no ONNX model"):
        built(OnnxFile(b"PK\x03\x04 not a graph"), numbers())


def test_a_label_that_is_null_is_counted() -> None:
    rows = numbers().astype({"y": "Int64"})
    rows.loc[3, "y"] = pd.NA
    with pytest.raises(CannotBuild, match="label: column 'y' is null in 1 rows"):
        built(OnnxFile(sigmoid()), rows)
