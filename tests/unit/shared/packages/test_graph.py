"""What a graph declares against what the signature says: each contradiction is a sentence with the way out."""

import re
from typing import Any

import onnxruntime
import pytest
from onnx import TensorProto, helper

from shared.packages import Signature
from shared.packages.graph import NEWEST_IR, NEWEST_OPSET, OLDEST_OPSET, Graph, GraphTensor, contradictions
from shared.packages.graph_file import read_graph

SIGNATURE = Signature.model_validate(
    {
        "format": 2, "task": "multiclass_classification",
        "inputs": [{"name": "X", "tensor": "float_input", "datatype": "FP32", "shape": [-1, 2]}],
        "outputs": [
            {"name": "class", "tensor": "label", "datatype": "INT64", "shape": [-1], "role": "label"},
            {"name": "p", "datatype": "FP32", "shape": [-1, 3], "role": "probabilities"},
        ],
        "labels": ["species"],
    }
)  # fmt: skip
TENSORS = {
    "float_input": GraphTensor("float_input", "FP32", (-1, 2)),
    "label": GraphTensor("label", "INT64", (-1,)),
    "p": GraphTensor("p", "FP32", (-1, 3)),
}


def problems(ir: int = 8, opsets: dict[str, int] | None = None, **changed: GraphTensor | None) -> tuple[str, ...]:
    found = {name: tensor for name, tensor in {**TENSORS, **changed}.items() if tensor is not None}
    inputs = [tensor for name, tensor in found.items() if name not in ("label", "p", "extra")]
    outputs = [tensor for name, tensor in found.items() if name in ("label", "p", "extra")]
    return contradictions(SIGNATURE, Graph(ir, opsets or {"": 17}, tuple(inputs), tuple(outputs)))


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"opsets": {"ai.onnx.ml": 3}},
        {"p": GraphTensor("p", "FP32", None)},
        {"p": GraphTensor("p", "FP32", (-1, -1))},
        {"extra": GraphTensor("extra", "a sequence of maps")},
        {"opsets": {"": OLDEST_OPSET}, "ir": NEWEST_IR},
        {"opsets": {"": NEWEST_OPSET}},
    ],
)
def test_what_fits_is_good(changed: dict[str, Any]) -> None:
    assert problems(**changed) == ()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"p": GraphTensor("p", "a sequence of maps")}, "output 'p': the graph gives a sequence of maps, which ZipMap"),
        ({"p": GraphTensor("p", "FP32", (-1, 1))}, r"the graph declares shape \[N, 1\], signature.json says \[N, 3\]"),
        ({"p": GraphTensor("p", "FP32", (-1,))}, r"the graph declares shape \[N\], signature.json says \[N, 3\]: say"),
        ({"p": GraphTensor("p", "FP64", (-1, 3))}, "the graph has datatype FP64, signature.json says FP32"),
        ({"label": GraphTensor("label", "INT64", (1,))}, r"output 'class' \(in the graph 'label'\): .* \[1\], .*free"),
        ({"float_input": GraphTensor("float_input", "FP32", (32, 2))}, "for 32 rows at once is not served"),
        ({"float_input": GraphTensor("float_input", "FP32", (-1, 30))}, r"input 'X' .*shape \[N, 30\], .*\[N, 2\]"),
        ({"float_input": None}, r"input 'X' \(in the graph 'float_input'\): the graph has no such input; it has none"),
        ({"label": None}, r"output 'class' .*: the graph has no such output; it has 'p'"),
        ({"other": GraphTensor("other", "FP32", (-1, 2))}, "input 'other' of the graph: signature.json has no such"),
        ({"opsets": {"": NEWEST_OPSET + 1}}, f"has opset {NEWEST_OPSET + 1}; 1 to {NEWEST_OPSET} are run here"),
        ({"opsets": {"": 0}}, "has opset 0"),
        ({"ir": NEWEST_IR + 1}, f"IR version {NEWEST_IR + 1}"),
    ],
)  # fmt: skip
def test_each_contradiction_is_named(changed: dict[str, Any], said: str) -> None:
    (problem,) = problems(**changed)
    assert re.search(said, problem), problem


def test_a_free_axis_that_the_graph_has_fixed_is_a_promise_too_much() -> None:
    wide = SIGNATURE.model_copy(update={"inputs": (SIGNATURE.inputs[0].model_copy(update={"shape": (-1, -1)}),)})
    found = contradictions(wide, Graph(8, {"": 17}, (TENSORS["float_input"],), (TENSORS["label"], TENSORS["p"])))
    assert found == (
        "input 'X' (in the graph 'float_input'): the graph declares shape [N, 2], signature.json says [N, N]: "
        "say [N, 2], or change the graph",
    )


def _model(opset: int, ir: int) -> bytes:
    value = helper.make_tensor_value_info("X", TensorProto.FLOAT, ["N"])
    out = helper.make_tensor_value_info("Y", TensorProto.FLOAT, ["N"])
    graph = helper.make_graph([helper.make_node("Identity", ["X"], ["Y"])], "g", [value], [out])
    imports = [helper.make_opsetid("", opset)]
    return bytes(helper.make_model(graph, opset_imports=imports, ir_version=ir).SerializeToString())


def _runs(model: bytes) -> bool:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception:  # noqa: BLE001 - ONNX Runtime names no base of what it raises
        return False
    return True


def test_the_versions_are_those_that_the_pinned_runtime_runs() -> None:
    assert [_runs(_model(opset, 8)) for opset in (OLDEST_OPSET - 1, OLDEST_OPSET, NEWEST_OPSET, NEWEST_OPSET + 1)] == [
        False, True, True, False,
    ]  # fmt: skip
    assert [_runs(_model(17, ir)) for ir in (NEWEST_IR, NEWEST_IR + 1)] == [True, False]
    assert read_graph(_model(17, NEWEST_IR)).ir_version == NEWEST_IR
