"""The peers' models as packages, so that our server loads them as it loads any other."""

import io
import json

import numpy as np
import onnx
import onnxruntime
import pyarrow as pa
import pyarrow.parquet as pq

from shared.packages import PREDICTION


def padded(model: bytes, size: int) -> bytes:
    """The same model in a file of at least `size` bytes, as real ones are."""
    found = onnx.load_model_from_string(model)
    found.graph.initializer.append(
        onnx.helper.make_tensor("padding", onnx.TensorProto.UINT8, [size], bytes(size), True)
    )
    return bytes(found.SerializeToString())


def package(body: bytes) -> dict[str, bytes]:
    """All files; golden rows are answered by ONNX Runtime itself."""
    session = onnxruntime.InferenceSession(body, providers=["CPUExecutionProvider"])
    (tensor,) = session.get_inputs()
    shape = [4, *tensor.shape[1:]]
    rows = np.random.default_rng(0).random(shape, dtype=np.float32)
    names = [output.name for output in session.get_outputs()]
    answers = dict(zip(names, session.run(None, {tensor.name: rows}), strict=True))
    golden = _parquet({tensor.name: rows, **answers})
    # One number for each row, where the model has such an output, so that its answers are counted by bins as in life.
    monitored = min(answers, key=lambda name: answers[name].size)
    return {
        "model.onnx": body,
        "signature.json": json.dumps(_signature(tensor.name, shape, answers, monitored)).encode(),
        "reference.parquet": _parquet({PREDICTION: answers[monitored]}),
        "golden.parquet": golden,
        "metrics.json": b'{"rows": 4}',
        "environment.yml": b"name: bench\n",
        "trained_until": b"2026-01-01T00:00:00Z",
    }


def _signature(name: str, shape: list[int], answers: dict[str, np.ndarray], watched: str) -> dict[str, object]:
    return {
        "format": 2,
        "inputs": [{"name": name, "datatype": "FP32", "kind": "numeric", "shape": [-1, *shape[1:]]}],
        "outputs": [_output(each, answer, each == watched) for each, answer in answers.items()],
        "task": "binary_classification",
        "labels": ["truth"],
    }


def _output(name: str, answer: np.ndarray, is_watched: bool) -> dict[str, object]:
    """Only one has a role: it is watched, whatever the others mean."""
    is_label = answer.dtype == np.int64
    found: dict[str, object] = {
        "name": name,
        "datatype": "INT64" if is_label else "FP32",
        "shape": [-1, *answer.shape[1:]],
    }
    return {**found, "role": "label" if is_label else "probabilities"} if is_watched else found


def _parquet(columns: dict[str, np.ndarray]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({name: pa.array(values.tolist()) for name, values in columns.items()}), sink)
    return sink.getvalue()
