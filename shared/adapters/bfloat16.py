"""BF16 at the edges of a graph: numpy has no such type, and ONNX Runtime takes and gives none through numpy.

A graph that takes or gives BF16 gets a cast before and after it, so that it takes and gives FP32 under a name that says
what it was. Every BF16 is an FP32; the way in rounds to the nearest even, as ONNX says.
"""

from typing import Any

INNER = "bf16:"


def at_the_edges(model: Any, serialised: bytes) -> bytes:
    """The `onnx.ModelProto` with casts, as bytes; `serialised` is what it was, for a graph that needs none."""
    from onnx import TensorProto, helper

    graph = model.graph
    defaults = {each.name for each in graph.initializer} | {each.values.name for each in graph.sparse_initializer}
    inputs = [each for each in graph.input if _is_bfloat16(each) and each.name not in defaults]
    outputs = [each for each in graph.output if _is_bfloat16(each)]
    if not inputs and not outputs:
        return serialised
    casts = [helper.make_node("Cast", [INNER + each.name], [each.name], to=TensorProto.BFLOAT16) for each in inputs]
    for cast in reversed(casts):
        graph.node.insert(0, cast)
    for each in outputs:
        graph.node.append(helper.make_node("Cast", [each.name], [INNER + each.name], to=TensorProto.FLOAT))
    for each in (*inputs, *outputs):
        each.name = INNER + each.name
        each.type.tensor_type.elem_type = TensorProto.FLOAT
    return bytes(model.SerializeToString())


def _is_bfloat16(value: Any) -> bool:
    from onnx import TensorProto

    return bool(value.type.tensor_type.elem_type == TensorProto.BFLOAT16)
