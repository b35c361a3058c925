"""A graph that was checked, in memory and asked."""

import numpy as np
import pytest
from onnx import TensorProto, helper

from shared.adapters.onnx import OnnxRuntime
from shared.ports import Refused
from shared.ports.models.inference import InferenceFailed, TensorSpec
from tests.support.onnx_models import onnx_model, saved, wide_model


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
