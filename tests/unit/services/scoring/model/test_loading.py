"""What a package may be, from its files to answers: each kind as exporters write it, and refusals by name."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from pydantic_core import from_json, to_json

from services.scoring import Scorer
from services.scoring.capture.buffer import CaptureBuffer
from services.scoring.model.loading import PackageLoader
from services.scoring.model.table import Table
from services.scoring.model.version import Version
from shared.adapters.clock import SystemClock
from shared.adapters.memory import MemoryModelPackages
from shared.adapters.onnx import OnnxRuntime
from shared.ports import Refused
from tests.support import graphs
from tests.support.graphs import F32
from tests.support.onnx_models import package_ref

OUT = {"name": "out", "datatype": "FP32", "shape": [-1, 1], "role": "score"}


async def loaded(files: Mapping[str, bytes]) -> Version:
    packages, ref = MemoryModelPackages(), package_ref(files)
    await packages.adopt(ref.digest, files)
    return await PackageLoader(packages, OnnxRuntime(1)).load(ref)


def doubled(shape: list[int], body: bytes, values: list[Any], **extra: bytes) -> dict[str, bytes]:
    signature = {
        "inputs": [{"name": "in", "datatype": "FP32", "shape": shape}],
        "outputs": [{**OUT, "shape": shape}],
    }
    twice = [(2 * np.array(value)).tolist() for value in values]
    return graphs.package(body, signature, {"in": values, "out": twice}, **extra)


async def test_a_graph_for_one_row_answers_any_number_row_by_row_and_is_never_joined() -> None:
    version = await loaded(graphs.one_row_package())
    assert version.is_alone
    assert [spec.name for spec in (*version.session.inputs, *version.session.outputs)] == ["temp", "twice"]
    assert version.session.inputs[0].shape == (-1, 1)
    for rows in (0, 1, 5):
        column = np.arange(rows, dtype=np.float32).reshape(-1, 1)
        assert version.session.run({"temp": column})[0].tolist() == (2 * column).tolist()


async def test_data_beside_the_graph_belongs_to_the_package() -> None:
    weights = np.float32(2).tobytes()
    version = await loaded(
        doubled([-1, 1], graphs.doubling(["N", 1], beside=True), [1.0, 4.0], **{"weights.bin": weights})
    )
    assert version.session.run({"in": np.array([[3.0]], np.float32)})[0].tolist() == [[6.0]]
    with pytest.raises(Refused, match=r"tensor 'factor' keeps its data outside .* in 'weights\.bin', .*`files`"):
        await loaded(doubled([-1, 1], graphs.doubling(["N", 1], beside=True), [1.0]))


async def test_a_free_axis_takes_rows_of_any_length_and_golden_rows_of_several() -> None:
    version = await loaded(doubled([-1, -1], graphs.doubling(["N", "S"]), [[1.0], [2.0, 3.0], [4.0]]))
    assert not version.is_alone
    assert version.golden.prove(version.session).rows == 3
    assert version.session.run({"in": np.ones((2, 7), np.float32)})[0].shape == (2, 7)


async def test_inputs_and_outputs_of_many_types_at_once() -> None:
    kinds = {
        "BOOL": TensorProto.BOOL, "INT8": TensorProto.INT8, "UINT8": TensorProto.UINT8, "INT64": TensorProto.INT64,
        "FP16": TensorProto.FLOAT16, "BF16": TensorProto.BFLOAT16, "FP64": TensorProto.DOUBLE,
        "BYTES": TensorProto.STRING,
    }  # fmt: skip
    nodes = [helper.make_node("Identity", [f"i_{name}"], [f"o_{name}"]) for name in kinds]
    body = graphs.model(
        nodes,
        {f"i_{name}": (kind, ["N", 1]) for name, kind in kinds.items()},
        {f"o_{name}": (kind, ["N", 1]) for name, kind in kinds.items()},
    )
    cells: dict[str, list[Any]] = {name: [1, 0] for name in kinds}
    cells |= {
        "BOOL": [True, False],
        "BYTES": ["größe", ""],
        "FP16": [0.5, 2.0],
        "BF16": [0.5, 3.0],
        "FP64": [1e300, 0.1],
    }
    signature = {
        "inputs": [
            {"name": f"i_{name}", "datatype": name, "shape": [-1, 1], "kind": "text" if name == "BYTES" else "numeric"}
            for name in kinds
        ],
        "outputs": [
            {"name": f"o_{name}", "datatype": name, "shape": [-1, 1], "role": "score" if name == "FP64" else None}
            for name in kinds
        ],
    }
    golden = {f"{side}_{name}": values for side in "io" for name, values in cells.items()}
    version = await loaded(graphs.package(body, signature, golden))
    assert [spec.datatype for spec in version.session.outputs] == list(kinds)


def dynamically_quantised(tmp_path: Any) -> bytes:
    """A wide layer; its numbers are quantised by the range of all rows of a run."""
    rng = np.random.default_rng(0)
    weights = helper.make_tensor("W", F32, [4, 8], rng.normal(size=32))
    last = helper.make_tensor("V", F32, [8, 1], rng.normal(size=8))
    nodes = [helper.make_node("MatMul", ["in", "W"], ["h"]), helper.make_node("MatMul", ["h", "V"], ["out"])]
    plain, quantised = tmp_path / "plain.onnx", tmp_path / "quantised.onnx"
    plain.write_bytes(graphs.model(nodes, {"in": (F32, ["N", 4])}, {"out": (F32, ["N", 1])}, [weights, last]))
    quantize_dynamic(plain, quantised, weight_type=QuantType.QUInt8)
    found: bytes = quantised.read_bytes()
    return found


async def test_answers_that_depend_on_their_neighbours_are_said_to_and_never_joined(
    tmp_path: Any, caplog: pytest.LogCaptureFixture
) -> None:
    body = dynamically_quantised(tmp_path)
    rows = np.random.default_rng(1).normal(size=(20, 4)).astype(np.float32)
    rows[0] *= 50
    out = graphs.answers(body, {"in": rows})["out"]
    signature = {"inputs": [{"name": "in", "datatype": "FP32", "shape": [-1, 4]}], "outputs": [OUT]}
    files = graphs.package(body, signature, {"in": rows.tolist(), "out": out.reshape(-1).tolist()})
    with caplog.at_level(logging.WARNING, "sluice.scoring"):
        version = await loaded(files)
    assert version.is_alone
    assert "answers depend on the rows of the same request" in caplog.text
    scorer = Scorer(CaptureBuffer(SystemClock(), sampling=0.0))
    scorer.table = Table.of(1, [(version, 100.0)])
    requests = [{"inputs": [{"name": "in", "datatype": "FP32", "shape": [1, 4], "data": row}]} for row in rows.tolist()]
    together = await asyncio.gather(*(scorer.infer(version.name, None, to_json(each)) for each in requests))
    alone = [graphs.answers(body, {"in": rows[index : index + 1]})["out"].item() for index in range(len(rows))]
    assert [from_json(each.body)["outputs"][0]["data"] for each in together] == [
        [pytest.approx(each)] for each in alone
    ]


async def test_independent_rows_are_joined_and_nothing_is_said(caplog: pytest.LogCaptureFixture) -> None:
    version = await loaded(doubled([-1, 1], graphs.doubling(["N", 1]), [1.0, 100.0]))
    assert not version.is_alone
    assert caplog.text == ""


def tree_output(declared: list[int | str] | None, gives: int) -> bytes:
    """Gives [N, gives] (or [N] for 0) whatever it declares, as forests of several targets do by skl2onnx."""
    widths = helper.make_tensor("W", F32, [1, max(gives, 1)], [1.0] * max(gives, 1))
    nodes = [helper.make_node("MatMul", ["in", "W"], ["wide" if gives == 0 else "out"])]
    flat = helper.make_tensor("flat", TensorProto.INT64, [1], [-1])
    if gives == 0:
        nodes.append(helper.make_node("Reshape", ["wide", "flat"], ["out"]))
    return graphs.model(nodes, {"in": (F32, ["N", 1])}, {"out": (F32, declared)}, [widths, flat])


@pytest.mark.parametrize(
    ("body", "shape", "cell", "said"),
    [
        (tree_output(None, 3), [-1, 1], 1.0, r"shape \[2, 3\] for 2 rows; signature.json says \[N, 1\]"),
        (tree_output(["N", 1], 3), [-1, 1], 1.0, r"output out came out in shape \[2, 3\] for 2 rows"),
        (tree_output(["N", 1], 3), [-1, 3], [1.0] * 3, r"declares shape \[N, 1\], signature.json says \[N, 3\]"),
        (tree_output([1], 0), [-1], 1.0, r"output 'out': the graph declares shape \[1\], signature.json says \[N\]"),
    ],
)  # fmt: skip
async def test_a_graph_that_declares_another_shape_than_it_gives_is_refused(
    body: bytes, shape: list[int], cell: Any, said: str
) -> None:
    signature = {
        "inputs": [{"name": "in", "datatype": "FP32", "shape": [-1, 1]}],
        "outputs": [{**OUT, "shape": shape}],
    }
    with pytest.raises(Refused, match=said):
        await loaded(graphs.package(body, signature, {"in": [1.0, 1.0], "out": [cell, cell]}))


async def test_golden_values_of_another_width_are_refused_and_not_spread() -> None:
    signature = {
        "inputs": [{"name": "in", "datatype": "FP32", "shape": [-1, 2]}],
        "outputs": [{**OUT, "shape": [-1, 2]}],
    }
    files = graphs.package(graphs.doubling(["N", 2]), signature, {"in": [[1.0, 1.0]], "out": [2.0]})
    with pytest.raises(Refused, match=r"golden.parquet, column out: it has 1 values for a row; the model gives 2"):
        await loaded(files)


async def test_a_map_that_nobody_asks_for_does_no_harm_and_one_that_is_promised_is_refused_by_name() -> None:
    nodes = [
        helper.make_node("Add", ["in", "in"], ["out"]),
        helper.make_node("ZipMap", ["in"], ["maps"], domain="ai.onnx.ml", classlabels_int64s=[0]),
    ]
    maps = helper.make_map_type_proto(TensorProto.INT64, helper.make_tensor_type_proto(F32, None))
    value = helper.make_tensor_value_info
    outputs = [value("out", F32, ["N", 1]), helper.make_value_info("maps", helper.make_sequence_type_proto(maps))]
    graph = helper.make_graph(nodes, "g", [value("in", F32, ["N", 1])], outputs)
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    body = helper.make_model(graph, opset_imports=imports, ir_version=8).SerializeToString()
    await loaded(doubled([-1, 1], body, [1.0]))
    signature = {
        "inputs": [{"name": "in", "datatype": "FP32", "shape": [-1, 1]}],
        "outputs": [{**OUT, "tensor": "maps"}],
    }
    with pytest.raises(Refused, match=r"a sequence of maps, which ZipMap makes .* options=\{'zipmap': False\}"):
        await loaded(graphs.package(body, signature, {"in": [1.0], "out": [2.0]}))


@pytest.mark.parametrize("opsets", [(("", 6),), (("ai.onnx.ml", 1),), (("", 28),)])
async def test_every_opset_that_the_runtime_runs_is_served(opsets: tuple[tuple[str, int], ...]) -> None:
    operator = ("Scaler", "ai.onnx.ml") if opsets[0][0] else ("Abs", "")
    extra: dict[str, Any] = {"scale": [2.0], "offset": [0.0]} if opsets[0][0] else {}
    node = helper.make_node(operator[0], ["in"], ["out"], domain=operator[1], **extra)
    body = graphs.model([node], {"in": (F32, ["N", 1])}, {"out": (F32, ["N", 1])}, opsets=opsets)
    signature = {"inputs": [{"name": "in", "datatype": "FP32", "shape": [-1, 1]}], "outputs": [OUT]}
    out = graphs.answers(body, {"in": np.array([[1.0]], np.float32)})["out"].reshape(-1).tolist()
    await loaded(graphs.package(body, signature, {"in": [1.0], "out": out}))
