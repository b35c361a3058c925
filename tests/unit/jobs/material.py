"""Packages, captures and labels for the jobs' tests: real ONNX graphs, small tables."""

import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import pandas as pd
from onnx import NodeProto, TensorProto, helper

from shared.events import EndpointRef, LabelsRecorded, ModelRef, PackageRef, PredictionsCaptured
from shared.packages import digest

WORKSPACE = "/subscriptions/s/resourcegroups/r/providers/microsoft.machinelearningservices/workspaces/w"
NUMBERS = {"x": np.linspace(-2, 2, 400).astype(np.float32)}


def package_ref(files: Mapping[str, bytes], version: str = "1") -> PackageRef:
    return PackageRef(model=ModelRef(workspace=WORKSPACE, name="model", version=version), digest=digest(files))


def endpoint(name: str) -> EndpointRef:
    return EndpointRef(workspace=WORKSPACE, name=name)


def graph(
    nodes: Sequence[NodeProto] = (), initializers: Sequence[onnx.TensorProto] = (), domain: str | None = None
) -> bytes:
    """x -> `nodes` -> score [N, 1] -> probability = sigmoid(score), label = probability > 0.5."""
    between = list(nodes) or [helper.make_node("Identity", ["x"], ["score"])]
    shape = helper.make_tensor("flat", TensorProto.INT64, [1], [-1])
    half = helper.make_tensor("half", TensorProto.FLOAT, [], [0.5])
    after = [
        helper.make_node("Reshape", ["score", "flat"], ["row"]),
        helper.make_node("Sigmoid", ["row"], ["probability"]),
        helper.make_node("Greater", ["probability", "half"], ["above"]),
        helper.make_node("Cast", ["above"], ["label"], to=TensorProto.INT64),
    ]
    body = helper.make_graph(
        [*between, *after],
        "model",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 1])],
        [
            helper.make_tensor_value_info("label", TensorProto.INT64, [None]),
            helper.make_tensor_value_info("probability", TensorProto.FLOAT, [None]),
        ],
        [shape, half, *initializers],
    )
    opsets = [helper.make_opsetid("", 17)] + ([helper.make_opsetid(domain, 1)] if domain else [])
    model: bytes = helper.make_model(body, opset_imports=opsets, ir_version=8).SerializeToString()
    return model


def not_a_number() -> bytes:
    """The square root of a negative number for half of the rows."""
    return graph([helper.make_node("Sqrt", ["x"], ["score"])])


def endless() -> bytes:
    """A loop of 2^62 rounds."""
    condition = helper.make_tensor_value_info("go", TensorProto.BOOL, [])
    body = helper.make_graph(
        [helper.make_node("Identity", ["go_in"], ["go"]), helper.make_node("Sin", ["value_in"], ["value"])],
        "round",
        [
            helper.make_tensor_value_info("round", TensorProto.INT64, []),
            helper.make_tensor_value_info("go_in", TensorProto.BOOL, []),
            helper.make_tensor_value_info("value_in", TensorProto.FLOAT, [None, 1]),
        ],
        [condition, helper.make_tensor_value_info("value", TensorProto.FLOAT, [None, 1])],
    )
    constants = [
        helper.make_tensor("rounds", TensorProto.INT64, [], [2**62]),
        helper.make_tensor("yes", TensorProto.BOOL, [], [True]),
    ]
    return graph([helper.make_node("Loop", ["rounds", "yes", "x"], ["score"], body=body)], constants)


def hungry() -> bytes:
    """Asks for 64 GB."""
    sizes = helper.make_tensor("sizes", TensorProto.INT64, [2], [2**17, 2**17])
    nodes = [
        helper.make_node("ConstantOfShape", ["sizes"], ["huge"]),
        helper.make_node("ReduceSum", ["huge"], ["sum"], keepdims=0),
        helper.make_node("Add", ["x", "sum"], ["score"]),
    ]
    return graph(nodes, [sizes])


def outside_data() -> bytes:
    """Its weights lie in a file of the host."""
    weight = helper.make_tensor("weight", TensorProto.FLOAT, [1], [1.0])
    weight.ClearField("float_data")
    weight.data_location = TensorProto.EXTERNAL
    weight.external_data.add(key="location", value="/etc/hostname")
    return graph([helper.make_node("Mul", ["x", "weight"], ["score"])], [weight])


def outside_data_in_a_branch() -> bytes:
    """A branch without a node: all it has is a tensor whose numbers lie in a file of the host."""
    value = helper.make_tensor("value", TensorProto.FLOAT, [1, 1], [0.0])
    value.ClearField("float_data")
    value.data_location = TensorProto.EXTERNAL
    value.external_data.add(key="location", value="README.md")
    output = helper.make_tensor_value_info("value", TensorProto.FLOAT, [1, 1])
    branch = helper.make_graph([], "branch", [], [output], [value])
    yes = helper.make_tensor("yes", TensorProto.BOOL, [], [True])
    return graph([helper.make_node("If", ["yes"], ["score"], then_branch=branch, else_branch=branch)], [yes])


def foreign_operator() -> bytes:
    return graph([helper.make_node("Telephone", ["x"], ["score"], domain="com.example")], domain="com.example")


def parquet(columns: Mapping[str, Any]) -> bytes:
    body = io.BytesIO()
    pd.DataFrame(columns).to_parquet(body, index=False)
    return body.getvalue()


def golden_probability() -> np.ndarray[Any, Any]:
    """What `graph()` answers to the golden rows of `small_package`."""
    return (1 / (1 + np.exp(-NUMBERS["x"][::8]))).astype(np.float32)


def golden(probability: np.ndarray[Any, Any]) -> bytes:
    """Golden rows that promise this."""
    label = (golden_probability() > 0.5).astype(np.int64)
    return parquet({"x": NUMBERS["x"][::8], "label": label, "probability": probability.astype(np.float32)})


def small_package(model: bytes | None = None, **changed: bytes) -> dict[str, bytes]:
    """One input `x`, a true probability of sigmoid(x), group `side`. `changed` names files with _ for the dot."""
    x = NUMBERS["x"]
    probability = (1 / (1 + np.exp(-x))).astype(np.float32)
    label = (probability > 0.5).astype(np.int64)
    signature = {
        "inputs": [{"name": "x", "datatype": "FP32", "kind": "numeric", "nullable": True}],
        "outputs": [
            {"name": "label", "datatype": "INT64", "shape": [-1]},
            {"name": "probability", "datatype": "FP32", "shape": [-1]},
        ],
        "prediction": "probability",
        "task": "binary_classification",
        "label": "truth",
        "groups": ["side"],
    }
    side = np.where(np.arange(len(x)) % 2, "left", "right")
    files = {
        "model.onnx": model or graph(),
        "signature.json": json.dumps(signature).encode(),
        "reference.parquet": parquet({"x": x, "prediction": probability, "truth": label, "side": side}),
        "golden.parquet": parquet({"x": x[::8], "label": label[::8], "probability": probability[::8]}),
        "metrics.json": b'{"roc_auc": 0.9}',
        "environment.yml": b"name: test\n",
        "trained_until": b"2013-01-15T00:00:00Z",
    }
    return files | {name.replace("_", ".", 1): body for name, body in changed.items()}


def captured(
    where: EndpointRef, package: PackageRef, flights: pd.DataFrame, features: Sequence[str]
) -> PredictionsCaptured:
    """What scoring sends for these flights; they carry `label` and `probability`."""
    plain = flights.astype(object).where(flights.notna(), None)
    return PredictionsCaptured(
        endpoint=where,
        package=package,
        keys=tuple(plain["key"]),
        observed_at=tuple(plain["observed_at"]),
        inputs={name: tuple(plain[name]) for name in features},
        outputs={name: tuple(plain[name]) for name in ("label", "probability")},
    )


def recorded(where: EndpointRef, flights: pd.DataFrame) -> LabelsRecorded:
    return LabelsRecorded(
        endpoint=where,
        keys=tuple(flights["key"]),
        labels=tuple(flights["late"]),
        observed_at=tuple(flights["label_at"]),
    )
