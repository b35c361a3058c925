"""Packages of format 2 around any graph: golden rows are what ONNX Runtime alone answers."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

from tests.support.onnx_models import parquet

F32 = TensorProto.FLOAT
type Arrays = Mapping[str, np.ndarray[Any, Any]]


def model(
    nodes: Sequence[onnx.NodeProto],
    inputs: Mapping[str, tuple[int, Sequence[int | str] | None]],
    outputs: Mapping[str, tuple[int, Sequence[int | str] | None]],
    initializers: Sequence[onnx.TensorProto] = (),
    opsets: Sequence[tuple[str, int]] = (("", 17), ("ai.onnx.ml", 3), ("com.microsoft", 1)),
) -> bytes:
    """Tensors by name: type of ONNX, and shape."""
    value = helper.make_tensor_value_info
    taken, given = ([value(name, *spec) for name, spec in side.items()] for side in (inputs, outputs))
    graph = helper.make_graph(list(nodes), "g", taken, given, list(initializers))
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid(*each) for each in opsets], ir_version=8)
    return bytes(made.SerializeToString())


def answers(body: bytes, columns: Arrays) -> dict[str, np.ndarray[Any, Any]]:
    """By the names of the graph; outputs that are no tensors are left out."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(body, options, providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_outputs() if each.type.startswith("tensor")]
    return dict(zip(names, session.run(names, dict(columns)), strict=True))


def package(
    body: bytes, signature: Mapping[str, Any], golden: Mapping[str, Sequence[Any]], **extra: bytes
) -> dict[str, bytes]:
    """`golden` by the names of the signature; `extra` are its further files by name."""
    said = {"format": 2, "task": "regression", "labels": ["truth"], **signature, "files": list(extra)}
    rows = [dict(zip(golden, cells, strict=True)) for cells in zip(*golden.values(), strict=True)]
    return {
        "model.onnx": body,
        "signature.json": json.dumps(said).encode(),
        "reference.parquet": parquet([{"prediction": 0.0, "truth": 0.0}]),
        "golden.parquet": parquet(rows),
        "metrics.json": b'{"rows": 1}',
        "environment.yml": b"name: test\n",
        "trained_until": b"2026-01-01T00:00:00Z",
        **extra,
    }


def cells(array: np.ndarray[Any, Any]) -> list[Any]:
    """As a Parquet file has them: a value or a list for each row."""
    found: list[Any] = array.tolist()
    return found


def doubling(shape: Sequence[int | str], kind: int = F32, beside: bool = False) -> bytes:
    """`out` = `in` + `in`, both of this shape; with `beside`, by a factor that lies in weights.bin."""
    if not beside:
        return model([helper.make_node("Add", ["in", "in"], ["out"])], {"in": (kind, shape)}, {"out": (kind, shape)})
    factor = TensorProto(name="factor", data_type=F32, dims=[1], data_location=TensorProto.EXTERNAL)
    factor.external_data.add(key="location", value="weights.bin")
    nodes = [helper.make_node("Mul", ["in", "factor"], ["out"])]
    return model(nodes, {"in": (F32, shape)}, {"out": (F32, shape)}, [factor])


def one_row_package() -> dict[str, bytes]:
    """Of a graph for one row at a time, whose tensors have other names, and whose weights lie in weights.bin."""
    signature = {
        "inputs": [{"name": "temp", "tensor": "in", "datatype": "FP32", "shape": [1, 1]}],
        "outputs": [{"name": "twice", "tensor": "out", "datatype": "FP32", "shape": [1, 1], "role": "score"}],
    }
    golden = {"temp": [1.0, 2.0, 3.0], "twice": [2.0, 4.0, 6.0]}
    return package(doubling([1, 1], beside=True), signature, golden, **{"weights.bin": np.float32(2).tobytes()})
