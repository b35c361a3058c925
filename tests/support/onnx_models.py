"""A small model package made by hand: real ONNX, real Parquet, answers that a test can work out on paper.

probability = sigmoid(weight * (distance / 1000 + delay / 10 + code of carrier) + month / 12), a missing delay is 0.
"""

import io
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pyarrow as pa
import pyarrow.parquet as pq
from onnx import TensorProto, helper

from shared.events import EndpointRef, ModelRef, PackageRef
from shared.packages import digest

WORKSPACE = "/subscriptions/0/resourcegroups/rg/providers/microsoft.machinelearningservices/workspaces/production"
ENDPOINT = EndpointRef(workspace=WORKSPACE, name="flights")
CARRIERS = ("AA", "B6", "UA")
SIGNATURE: dict[str, Any] = {
    "inputs": [
        {"name": "distance", "datatype": "FP32", "kind": "numeric"},
        {"name": "delay", "datatype": "FP32", "kind": "numeric", "nullable": True},
        {"name": "carrier", "datatype": "BYTES", "kind": "categorical", "categories": CARRIERS, "nullable": True},
        {"name": "month", "datatype": "INT64", "kind": "numeric"},
    ],
    "outputs": [
        {"name": "label", "datatype": "INT64", "shape": [-1]},
        {"name": "probability", "datatype": "FP32", "shape": [-1]},
    ],
    "prediction": "probability",
    "task": "binary_classification",
    "label": "late",
    "groups": ["carrier"],
}


def expected_probability(row: Mapping[str, Any], weight: float = 1.0) -> float:
    """What the model answers for this row."""
    carrier = CARRIERS.index(row["carrier"]) if row["carrier"] in CARRIERS else -1
    score = weight * (row["distance"] / 1000 + (row["delay"] or 0) / 10 + carrier) + row["month"] / 12
    return float(1 / (1 + np.exp(-score)))


def onnx_model(weight: float = 1.0, padding_bytes: int = 0) -> bytes:
    """`padding_bytes` makes the file larger, as real models are, without changing the answers."""
    node = helper.make_node
    constants = [
        _constant("thousand", [1000.0]),
        _constant("ten", [10.0]),
        _constant("twelve", [12.0]),
        _constant("zero", [0.0]),
        _constant("half", [0.5]),
        _constant("weight", [weight]),
        helper.make_tensor("flat", TensorProto.INT64, [1], [-1]),
        helper.make_tensor("padding", TensorProto.UINT8, [padding_bytes], bytes(padding_bytes), raw=True),
    ]
    nodes = [
        node("Div", ["distance", "thousand"], ["far"]),
        node("IsNaN", ["delay"], ["unknown"]),
        node("Where", ["unknown", "zero", "delay"], ["known"]),
        node("Div", ["known", "ten"], ["waited"]),
        node("LabelEncoder", ["carrier"], ["code"], domain="ai.onnx.ml", keys_strings=list(CARRIERS),
             values_floats=[0.0, 1.0, 2.0], default_float=-1.0),
        node("Cast", ["month"], ["season"], to=TensorProto.FLOAT),
        node("Div", ["season", "twelve"], ["year"]),
        node("Sum", ["far", "waited", "code"], ["sum"]),
        node("Mul", ["sum", "weight"], ["weighted"]),
        node("Add", ["weighted", "year"], ["score"]),
        node("Reshape", ["score", "flat"], ["scores"]),
        node("Sigmoid", ["scores"], ["probability"]),
        node("Greater", ["probability", "half"], ["late"]),
        node("Cast", ["late"], ["label"], to=TensorProto.INT64),
    ]  # fmt: skip
    value = helper.make_tensor_value_info
    inputs = [
        value("distance", TensorProto.FLOAT, ["N", 1]),
        value("delay", TensorProto.FLOAT, ["N", 1]),
        value("carrier", TensorProto.STRING, ["N", 1]),
        value("month", TensorProto.INT64, ["N", 1]),
    ]
    outputs = [value("label", TensorProto.INT64, ["N"]), value("probability", TensorProto.FLOAT, ["N"])]
    return saved(helper.make_graph(nodes, "late", inputs, outputs, constants))


def _constant(name: str, values: list[float]) -> onnx.TensorProto:
    return helper.make_tensor(name, TensorProto.FLOAT, [len(values)], values)


def saved(graph: onnx.GraphProto, opset: int = 17) -> bytes:
    """A model of this graph alone."""
    imports = [helper.make_opsetid("", opset), helper.make_opsetid("ai.onnx.ml", 3)]
    model = helper.make_model(graph, opset_imports=imports, ir_version=8)
    return bytes(model.SerializeToString())


def wide_model(width: int | str = 4) -> bytes:
    """One tensor `X` [N, width] in, `probability` [N] out: the mean of each row. A name leaves the width free."""
    graph = helper.make_graph(
        [helper.make_node("ReduceMean", ["X"], ["probability"], axes=[1], keepdims=0)],
        "wide",
        [helper.make_tensor_value_info("X", TensorProto.FLOAT, ["N", width])],
        [helper.make_tensor_value_info("probability", TensorProto.FLOAT, ["N"])],
    )
    return saved(graph)


def sample_rows(count: int, seed: int = 0) -> list[dict[str, Any]]:
    """Rows as a caller has them; every seventh delay is unknown."""
    rng = np.random.default_rng(seed)
    return [
        {
            "distance": round(float(rng.uniform(100, 3000)), 1),
            "delay": None if index % 7 == 3 else round(float(rng.uniform(-10, 60)), 1),
            "carrier": CARRIERS[int(rng.integers(3))],
            "month": int(rng.integers(1, 13)),
        }
        for index in range(count)
    ]


def package_files(
    weight: float = 1.0, model: bytes | None = None, padding_bytes: int = 0, **replaced: bytes
) -> dict[str, bytes]:
    """All files of a package; `replaced` exchanges some by name (dots as `__`): `golden__parquet=b"..."`."""
    model = model or onnx_model(weight, padding_bytes)
    rows = sample_rows(50)
    golden = [{**row, **answer} for row, answer in zip(rows, _answers(model, rows), strict=True)]
    reference = [{**row, "late": row["label"], "prediction": row["probability"]} for row in golden]
    files = {
        "model.onnx": model,
        "signature.json": json.dumps(SIGNATURE).encode(),
        "reference.parquet": parquet(reference),
        "golden.parquet": parquet(golden),
        "metrics.json": b'{"roc_auc": 0.9, "log_loss": 0.3, "brier": 0.1, "rows": 50}',
        "environment.yml": b"name: flights\n",
        "trained_until": b"2026-01-01T00:00:00+00:00",
    }
    return files | {name.replace("__", "."): body for name, body in replaced.items()}


def _answers(model: bytes, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    columns = {
        "distance": np.array([[row["distance"]] for row in rows], np.float32),
        "delay": np.array([[row["delay"]] for row in rows], np.float32),
        "carrier": np.array([[row["carrier"]] for row in rows], object),
        "month": np.array([[row["month"]] for row in rows], np.int64),
    }
    labels, probabilities = session.run(["label", "probability"], columns)
    return [
        {"label": int(label), "probability": float(probability)}
        for label, probability in zip(labels, probabilities, strict=True)
    ]


def parquet(rows: list[dict[str, Any]]) -> bytes:
    """These rows as a Parquet file."""
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    return sink.getvalue()


def package_ref(files: Mapping[str, bytes], version: str = "1", name: str = "flights") -> PackageRef:
    """How a manifest names this package."""
    return PackageRef(model=ModelRef(workspace=WORKSPACE, name=name, version=version), digest=digest(files))


def tensors(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The same rows as an inference request."""
    inputs = [
        {
            "name": column["name"],
            "datatype": column["datatype"],
            "shape": [len(rows)],
            "data": [row[column["name"]] for row in rows],
        }
        for column in SIGNATURE["inputs"]
    ]
    return {"inputs": inputs}
