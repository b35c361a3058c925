"""The classifier and its ONNX graph: raw columns in, one input each; encoding happens inside the graph."""

from typing import Any

import numpy as np
import onnx
import onnxruntime
import pandas as pd
from numpy.typing import NDArray
from onnx import TensorProto, helper
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OrdinalEncoder

from . import boosting
from .data import CATEGORICAL, FEATURES, LABEL, NUMERIC

OPSET = 17
# Rows of the average flight that a rare category's late rate is mixed with before categories are put in order.
_SMOOTHING = 20


def fit(rows: pd.DataFrame, trees: int, learning_rate: float, leaves: int) -> Pipeline:
    """Categories become their rank by late rate, which suits trees; unknown ones rank below all."""
    orders = [_by_late_rate(rows, name) for name in CATEGORICAL]
    ranks = OrdinalEncoder(categories=orders, handle_unknown="use_encoded_value", unknown_value=-1, dtype=np.float32)
    columns = ColumnTransformer([("ranks", ranks, list(CATEGORICAL)), ("numbers", "passthrough", list(NUMERIC))])
    classifier = HistGradientBoostingClassifier(
        max_iter=trees,
        learning_rate=learning_rate,
        max_leaf_nodes=leaves,
        min_samples_leaf=100,
        l2_regularization=5.0,
        early_stopping=False,
        random_state=0,
    )
    return Pipeline([("columns", columns), ("boosting", classifier)]).fit(rows[list(FEATURES)], rows[LABEL])


def _by_late_rate(rows: pd.DataFrame, column: str) -> list[str]:
    groups = rows.groupby(column)[LABEL].agg(["sum", "count"])
    mean = rows[LABEL].mean()
    rate = (groups["sum"] + _SMOOTHING * mean) / (groups["count"] + _SMOOTHING)
    return [str(name) for name in rate.sort_values(kind="stable").index]


def export(pipeline: Pipeline) -> bytes:
    """The ONNX model with outputs `label` (INT64 [N]) and `probability` (FP32 [N], of being late)."""
    inputs = [
        (name, StringTensorType([None, 1]) if name in CATEGORICAL else FloatTensorType([None, 1])) for name in FEATURES
    ]
    opsets = {"": OPSET, boosting.DOMAIN: boosting.OPSET}
    model = to_onnx(pipeline["columns"], initial_types=inputs, target_opset=opsets, name="flights")
    graph = model.graph
    encoded = graph.output.pop().name
    graph.initializer.append(helper.make_tensor("rows", TensorProto.INT64, [1], [-1]))
    graph.initializer.append(helper.make_tensor("threshold", TensorProto.FLOAT, [], [0.5]))
    graph.node.extend(
        [
            boosting.tree_ensemble(pipeline["boosting"], encoded, "log_odds"),
            helper.make_node("Sigmoid", ["log_odds"], ["probabilities"], "logistic"),
            helper.make_node("Reshape", ["probabilities", "rows"], ["probability"], "flatten"),
            helper.make_node("Greater", ["probability", "threshold"], ["above"], "decide"),
            helper.make_node("Cast", ["above"], ["label"], "to_label", to=TensorProto.INT64),
        ]
    )
    graph.output.append(helper.make_tensor_value_info("label", TensorProto.INT64, [None]))
    graph.output.append(helper.make_tensor_value_info("probability", TensorProto.FLOAT, [None]))
    del model.opset_import[:]
    model.opset_import.extend(helper.make_opsetid(domain, opset) for domain, opset in sorted(opsets.items()))
    onnx.checker.check_model(model)
    serialized: bytes = model.SerializeToString(deterministic=True)
    return serialized


def predict(model: bytes, rows: pd.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Labels and probabilities, by ONNX Runtime as in production."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    feeds: dict[str, Any] = {name: rows[[name]].to_numpy() for name in FEATURES}
    label, probability = session.run(["label", "probability"], feeds)
    return label, probability
