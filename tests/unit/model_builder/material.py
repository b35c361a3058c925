"""Models and rows to build packages of."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from onnx import TensorProto, helper
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from function_app.model_builder.building import Built, build
from function_app.model_builder.fitted import Fitted
from function_app.model_builder.table import read
from function_app.model_builder.wanted import Wanted

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@cache
def tumours() -> pd.DataFrame:
    """Thirty columns with names as files have them ("mean radius"), and label `benign`."""
    frame: pd.DataFrame = load_breast_cancer(as_frame=True).frame.rename(columns={"target": "benign"})
    return frame


@cache
def logistic() -> Pipeline:
    rows = tumours()
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(
        rows.drop(columns="benign"), rows["benign"]
    )


def built(model: Fitted, rows: pd.DataFrame, labels: Sequence[str] = ("y",), **wanted: Any) -> Built:
    return build(model, read(rows), Wanted(labels=tuple(labels), **wanted), lambda words: None, NOW)


def graph(nodes: Sequence[Any], inputs: Sequence[Any], outputs: Sequence[Any], opset: int = 17) -> bytes:
    """`inputs` and `outputs`: (name, type of ONNX, shape)."""
    made = helper.make_graph(
        list(nodes), "g", [helper.make_tensor_value_info(*each) for each in inputs],
        [helper.make_tensor_value_info(*each) for each in outputs],
    )  # fmt: skip
    body: bytes = helper.make_model(
        made, opset_imports=[helper.make_opsetid("", opset)], ir_version=9
    ).SerializeToString()
    return body


def sigmoid(shape: Sequence[str | int] = ("N", 1)) -> bytes:
    io = ("x", TensorProto.FLOAT, list(shape)), ("probability", TensorProto.FLOAT, list(shape))
    return graph([helper.make_node("Sigmoid", ["x"], ["probability"])], [io[0]], [io[1]])


def numbers(rows: int = 40) -> pd.DataFrame:
    return pd.DataFrame({"x": np.linspace(-1, 1, rows), "y": [0, 1] * (rows // 2)})
