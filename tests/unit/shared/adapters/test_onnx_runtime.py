"""A graph that was checked, in memory and asked."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from shared.adapters.onnx import OnnxRuntime
from shared.ports import Refused
from shared.ports.models.inference import InferenceFailed, TensorSpec
from tests.support.onnx_models import onnx_model, saved, wide_model

F32 = TensorProto.FLOAT


def graph(
    nodes: list[onnx.NodeProto], kind: int, out: int, shape: list[int | str], *tensors: onnx.TensorProto
) -> bytes:
    """From X to Y, both of this shape."""
    value = helper.make_tensor_value_info
    made = helper.make_graph(nodes, "g", [value("X", kind, shape)], [value("Y", out, shape)], list(tensors))
    return saved(made)


def test_a_model_of_one_row_at_a_time_says_so() -> None:
    session = OnnxRuntime(1).load(graph([helper.make_node("Identity", ["X"], ["Y"])], F32, F32, [1, 2]))
    assert (session.inputs[0].shape, session.outputs[0].shape) == ((1, 2), (1, 2))


def test_bfloat16_goes_in_and_out_as_float32() -> None:
    bf16 = TensorProto.BFLOAT16
    nodes = [
        helper.make_node("Cast", ["X"], ["wide"], to=F32),
        helper.make_node("Add", ["wide", "wide"], ["sum"]),
        helper.make_node("Cast", ["sum"], ["Y"], to=bf16),
    ]
    runtime = OnnxRuntime(1)
    model = graph(nodes, bf16, bf16, ["N", 2])
    for session in (runtime.load(model), runtime.load_optimised(runtime.optimise(model))):
        assert session.inputs == (TensorSpec("X", "BF16", (-1, 2)),)
        assert session.outputs == (TensorSpec("Y", "BF16", (-1, 2)),)
        (found,) = session.run({"X": np.array([[1.5, 3.14159]], np.float32)})
        assert (found.dtype.name, found.tolist()) == ("float32", [[3.0, 6.28125]])  # 3.14159 is 3.140625 there


def test_data_beside_the_file_is_read_from_the_package_and_kept_in_what_serves() -> None:
    weights = np.arange(2000, dtype=np.float32)
    tensor = TensorProto(name="W", data_type=F32, dims=[2000], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="data/weights.bin")
    model = graph([helper.make_node("Add", ["X", "W"], ["Y"])], F32, F32, ["N", 2000], tensor)
    runtime, data = OnnxRuntime(1), {"data/weights.bin": weights.tobytes()}
    for session in (runtime.load(model, data), runtime.load_optimised(runtime.optimise(model, data))):
        assert session.run({"X": np.ones((1, 2000), np.float32)})[0][0].tolist() == (weights + 1).tolist()
    with pytest.raises(Refused, match=r"out of bounds"):
        runtime.optimise(model, {"data/weights.bin": weights.tobytes()[:-4]})


def test_constants_that_a_graph_asks_for_are_not_worked_out_without_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = helper.make_tensor("sizes", TensorProto.INT64, [1], [2**40])
    nodes = [helper.make_node("ConstantOfShape", ["sizes"], ["c"]), helper.make_node("Gather", ["c", "X"], ["Y"])]
    runtime = OnnxRuntime(1)
    assert len(runtime.optimise(graph(nodes, TensorProto.INT64, F32, ["N"], sizes))) < 1_000
    monkeypatch.setattr("shared.adapters.onnx.MOST_GROWTH", 1_000)
    some = helper.make_tensor("sizes", TensorProto.INT64, [1], [200])
    whole = [
        helper.make_node("ConstantOfShape", ["sizes"], [f"c{n}"], value=helper.make_tensor("v", F32, [1], [float(n)]))
        for n in range(9)
    ]
    sums = [helper.make_node("Gather", [f"c{n}", "X"], [f"g{n}"]) for n in range(9)]
    last = helper.make_node("Sum", [f"g{n}" for n in range(9)], ["Y"])
    with pytest.raises(Refused, match="with its constants, more than"):
        runtime.optimise(graph([*whole, *sums, last], TensorProto.INT64, F32, ["N"], some))


def test_a_session_says_what_it_takes_and_gives() -> None:
    session = OnnxRuntime(1).load(wide_model(4))
    assert session.inputs == (TensorSpec("X", "FP32", (-1, 4)),)
    assert session.outputs == (TensorSpec("probability", "FP32", (-1,)),)
    assert session.run({"X": np.array([[1, 2, 3, 6]], np.float32)})[0].tolist() == [3.0]


def test_a_provider_that_is_not_installed_is_refused_by_name_instead_of_replaced() -> None:
    with pytest.raises(Refused, match=r"provider TensorrtExecutionProvider is not installed here; installed: .*CPU"):
        OnnxRuntime(1, ["TensorrtExecutionProvider", "CPUExecutionProvider"])


def test_a_run_that_fails_says_why() -> None:
    with pytest.raises(InferenceFailed, match="carrier"):
        OnnxRuntime(1).load(onnx_model()).run({"distance": np.zeros((1, 1), np.float32)})
