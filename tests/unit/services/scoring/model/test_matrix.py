"""A matrix whose columns have names: asked for whole or by feature, captured by feature, watched by class."""

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from onnx import TensorProto, helper

from services.scoring import ARROW_STREAM
from services.scoring.capture.blocks import blocks_of
from shared.events import PredictionsCaptured
from tests.support.arrow_streams import stream_of
from tests.support.onnx_models import ENDPOINT, package_files, package_ref, parquet, saved
from tests.support.scoring import Bench, output, problem

NAMES = ("mean radius", "größe.cm", "c")
CLASSES = ("setosa", "versicolor", "virginica")
ROWS = [[0.0, 5.0, 1.0], [9.0, 1.0, 2.0]]


def softmax_model(features: int) -> bytes:
    """X [N, F] -> p [N, F], the softmax of a row: the largest feature is the likeliest class."""
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node("Softmax", ["float_input"], ["probabilities"], axis=1)],
        "softmax",
        [value("float_input", TensorProto.FLOAT, ["N", features])],
        [value("probabilities", TensorProto.FLOAT, ["N", features])],
    )
    return saved(graph)


async def matrix_bench(names: tuple[str, ...] = NAMES, classes: tuple[str, ...] = CLASSES) -> Bench:
    bench, rows = Bench(), np.eye(len(names), dtype=np.float32)
    features = [{"name": name, "nullable": name == "c"} for name in names]
    output_column = {"name": "p", "tensor": "probabilities", "datatype": "FP32", "role": "probabilities"}
    signature = {
        "format": 2, "task": "multiclass_classification", "labels": ["species"], "classes": classes,
        "inputs": [{"name": "X", "tensor": "float_input", "datatype": "FP32", "shape": [-1, len(names)],
                    "features": features}],
        "outputs": [{**output_column, "shape": [-1, len(classes)]}],
    }  # fmt: skip
    answers = np.exp(rows) / np.exp(rows).sum(axis=1, keepdims=True)
    named = [dict(zip(names, map(float, row), strict=True)) for row in rows]
    golden = [{**row, "p": answer.tolist()} for row, answer in zip(named, answers, strict=True)]
    reference = [{**row, "species": classes[0], "prediction": classes[at]} for at, row in enumerate(named)]
    files = package_files(
        signature__json=json.dumps(signature).encode(), golden__parquet=parquet(golden),
        reference__parquet=parquet(reference),
    )  # fmt: skip
    files["model.onnx"] = softmax_model(len(names))
    package = package_ref(files)
    await bench.packages.adopt(package.digest, files)
    await bench.serve(package)
    await bench.follower.step()
    assert bench.failures == []
    return bench


def tensor(name: str, values: list[Any], datatype: str = "FP32") -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": list(np.shape(values)), "data": np.ravel(values).tolist()}


def captured(bench: Bench) -> PredictionsCaptured:
    blocks = [each for each in blocks_of(ENDPOINT, "i", bench.capture.drain(10_000)) if each is not None]
    (block,) = blocks
    return PredictionsCaptured.model_validate_json(block.as_json())


async def test_a_row_may_be_asked_for_by_matrix_or_by_feature() -> None:
    bench = await matrix_bench()
    columns = list(zip(*ROWS, strict=True))
    whole = output(await bench.ask({"inputs": [tensor("X", ROWS)]}), "p")
    by_feature = [tensor(name, list(column)) for name, column in zip(NAMES, columns, strict=True)]
    rows = [dict(zip(NAMES, row, strict=True)) for row in ROWS]
    batch = pa.RecordBatch.from_arrays([pa.array(column) for column in columns], names=list(NAMES))
    assert output(await bench.ask({"inputs": by_feature[::-1]}), "p") == whole
    assert output(await bench.ask({"rows": rows}), "p") == whole
    assert output(await bench.ask({"rows": [{"X": row} for row in ROWS]}), "p") == whole
    answer = await bench.ask(stream_of(batch), header_length=ARROW_STREAM)
    found = pa.ipc.open_stream(answer.body).read_all().column("p").to_pylist()
    np.testing.assert_allclose(np.ravel(found), whole, rtol=1e-6)


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"rows": [{"mean radius": 1.0, "c": 1.0}]}, "rows[0]: größe.cm is missing"),
        ({"rows": [{"mean radius": 1.0, "größe.cm": 1.0, "c": 1.0, "d": 1.0}]}, "rows[0]: 'd' is not an input"),
        ({"inputs": [tensor("mean radius", [1.0]), tensor("c", [1.0])]}, "inputs: größe.cm is missing"),
        ({"rows": [{"mean radius": None, "größe.cm": 1.0, "c": None}]}, "mean radius: expected values"),
        ({"inputs": [tensor("X", [[None, 1.0, 2.0]])]}, "mean radius: a value is missing (NaN)"),
    ],
)  # fmt: skip
async def test_a_feature_that_is_wrong_is_named(request_: dict[str, Any], words: str) -> None:
    bench = await matrix_bench()
    answer = await bench.ask(request_)
    assert answer.status == 400
    assert words in problem(answer)


async def test_captures_hold_features_by_name_and_the_class_beside_its_probabilities() -> None:
    bench = await matrix_bench()
    await bench.ask({"inputs": [tensor("X", ROWS)]})
    block = captured(bench)
    assert set(block.inputs) == set(NAMES)
    assert block.inputs["größe.cm"] == (5.0, 1.0)
    assert set(block.outputs) == {"p", "p[0]", "p[1]", "p[2]"}
    assert block.outputs["p"] == ("versicolor", "setosa")


async def test_features_are_captured_however_many_there_are() -> None:
    names = tuple(f"f {number}" for number in range(70))
    bench = await matrix_bench(names, names)
    await bench.ask({"inputs": [tensor("X", [[*range(70)]], "INT64")]})
    block = captured(bench)
    assert set(block.inputs) == set(names)
    assert block.outputs == {"p": ("f 69",)}


async def test_answers_are_counted_by_class() -> None:
    bench = await matrix_bench()
    await bench.ask({"inputs": [tensor("X", [*ROWS, ROWS[0]])]})
    (version,) = bench.scorer.table.versions
    assert version.statistics.predictions.buckets() == (1, 2, 0, 0, 0, 0)


async def test_metadata_says_features_and_classes() -> None:
    bench = await matrix_bench()
    found = json.loads(bench.scorer.model("flights").body)
    assert found["parameters"]["classes"] == list(CLASSES)
    assert found["inputs"][0]["parameters"] == {"features": list(NAMES)}
    assert found["outputs"][0] | {"parameters": None} == {
        "name": "p", "datatype": "FP32", "shape": [-1, 3], "parameters": None
    }  # fmt: skip
    assert "mean radius" in bench.scorer.openapi().body.decode()
