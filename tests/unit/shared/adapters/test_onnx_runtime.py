"""What a graph may contain before it is run here."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from shared.adapters.onnx import OnnxRuntime, check_graph
from shared.ports import Refused
from shared.ports.models.inference import InferenceFailed, TensorSpec
from tests.support.onnx_models import onnx_model, saved, wide_model


def graph(domain: str = "", inner: onnx.GraphProto | None = None) -> onnx.GraphProto:
    """One operator from `X` to `Y`; with `inner`, inside a branch."""
    value = helper.make_tensor_value_info
    node = helper.make_node("Identity", ["X"], ["Y"], domain=domain)
    if inner is not None:
        node = helper.make_node("If", ["X"], ["Y"], then_branch=inner, else_branch=inner)
    inputs = [value("X", TensorProto.FLOAT, ["N", 1])]
    return helper.make_graph([node], "g", inputs, [value("Y", TensorProto.FLOAT, ["N", 1])])


def with_external_data() -> bytes:
    found = graph()
    tensor = helper.make_tensor("secret", TensorProto.FLOAT, [1], [0.0])
    tensor.ClearField("float_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../etc/passwd")
    found.initializer.append(tensor)
    return saved(found)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (b"not a model", "not an ONNX model"),
        (with_external_data(), "'secret' keeps its data outside of the file"),
        (saved(graph("com.example")), "domain 'com.example'"),
        (saved(graph(inner=graph("com.example"))), "domain 'com.example'"),
        (saved(graph(), opset=8), "opset 8 is outside of"),
        (saved(graph(), opset=99), "opset 99 is outside of"),
    ],
)
def test_a_graph_with_anything_unknown_in_it_is_refused(model: bytes, words: str) -> None:
    with pytest.raises(Refused, match=words):
        check_graph(model)


def test_a_model_of_a_fixed_number_of_rows_is_refused() -> None:
    value = helper.make_tensor_value_info
    node = helper.make_node("Identity", ["X"], ["Y"])
    fixed = [value("X", TensorProto.FLOAT, [1, 1])], [value("Y", TensorProto.FLOAT, [1, 1])]
    with pytest.raises(Refused, match="first dimension of X must be free"):
        OnnxRuntime(1).load(saved(helper.make_graph([node], "g", *fixed)))


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
