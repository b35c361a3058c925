"""What a graph may contain before it is run here, wherever in the file it stands."""

from collections.abc import Callable

import onnx
import pytest
from onnx import TensorProto, helper

from shared.adapters.onnx_graph import check_graph
from shared.ports import Refused
from tests.support.onnx_models import onnx_model, saved

type Place = Callable[[onnx.ModelProto], None]


def plain(domain: str = "") -> onnx.GraphProto:
    """One operator from `X` to `Y`."""
    value = helper.make_tensor_value_info
    inputs = [value("X", TensorProto.FLOAT, ["N", 1])]
    node = helper.make_node("Identity", ["X"], ["Y"], domain=domain)
    return helper.make_graph([node], "g", inputs, [value("Y", TensorProto.FLOAT, ["N", 1])])


def outside() -> onnx.TensorProto:
    """Its numbers are in a file of the machine that runs it."""
    tensor = helper.make_tensor("secret", TensorProto.FLOAT, [1], [0.0])
    tensor.ClearField("float_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="README.md")
    return tensor


def inside() -> onnx.TensorProto:
    return helper.make_tensor("values", TensorProto.FLOAT, [1], [0.0])


def sparse(values: onnx.TensorProto, indices: onnx.TensorProto) -> onnx.SparseTensorProto:
    return onnx.SparseTensorProto(values=values, indices=indices, dims=[1])


def branch(nested: onnx.GraphProto | None = None) -> onnx.GraphProto:
    """No node, and its only tensor is its output: data outside of the file came in this way unseen."""
    graph = onnx.GraphProto(name="branch", initializer=[] if nested else [outside()])
    if nested is not None:
        graph.node.append(helper.make_node("If", ["c"], ["o"], then_branch=nested, else_branch=nested))
    return graph


def initializer(model: onnx.ModelProto) -> None:
    model.graph.initializer.append(outside())


def sparse_values(model: onnx.ModelProto) -> None:
    model.graph.sparse_initializer.append(sparse(outside(), inside()))


def sparse_indices(model: onnx.ModelProto) -> None:
    model.graph.sparse_initializer.append(sparse(inside(), outside()))


def branch_without_a_node(model: onnx.ModelProto) -> None:
    model.graph.node.append(helper.make_node("If", ["c"], ["o"], then_branch=branch(), else_branch=branch()))


def branch_with_a_sparse_tensor(model: onnx.ModelProto) -> None:
    graph = onnx.GraphProto(name="branch", sparse_initializer=[sparse(outside(), inside())])
    model.graph.node.append(helper.make_node("Loop", ["n", "c"], ["o"], body=graph))


def branch_in_a_branch(model: onnx.ModelProto) -> None:
    model.graph.node.append(helper.make_node("Loop", ["n", "c"], ["o"], body=branch(branch(branch()))))


def one_of_several_graphs(model: onnx.ModelProto) -> None:
    model.graph.node[0].attribute.add(name="g", type=onnx.AttributeProto.GRAPHS, graphs=[plain(), branch()])


def attribute(model: onnx.ModelProto) -> None:
    model.graph.node.append(helper.make_node("Constant", [], ["o"], value=outside()))


def attribute_that_says_it_is_a_number(model: onnx.ModelProto) -> None:
    model.graph.node[0].attribute.add(name="a", type=onnx.AttributeProto.INT, t=outside())


def one_of_several_tensors(model: onnx.ModelProto) -> None:
    model.graph.node[0].attribute.add(name="a", type=onnx.AttributeProto.TENSORS, tensors=[inside(), outside()])


def sparse_attribute(model: onnx.ModelProto) -> None:
    model.graph.node[0].attribute.add(
        name="a", type=onnx.AttributeProto.SPARSE_TENSOR, sparse_tensor=sparse(inside(), outside())
    )


def one_of_several_sparse_attributes(model: onnx.ModelProto) -> None:
    model.graph.node[0].attribute.add(
        name="a", type=onnx.AttributeProto.SPARSE_TENSORS, sparse_tensors=[sparse(outside(), inside())]
    )


def function(model: onnx.ModelProto) -> None:
    node = helper.make_node("If", ["c"], ["o"], then_branch=branch(), else_branch=branch())
    model.functions.append(helper.make_function("", "F", ["c"], ["o"], [node], [helper.make_opsetid("", 17)]))


def default_of_a_function(model: onnx.ModelProto) -> None:
    node = helper.make_node("Identity", ["c"], ["o"])
    made = helper.make_function("", "F", ["c"], ["o"], [node], [helper.make_opsetid("", 17)])
    made.attribute_proto.append(helper.make_attribute("value", outside()))
    model.functions.append(made)


def training(model: onnx.ModelProto) -> None:
    model.training_info.append(onnx.TrainingInfoProto(algorithm=branch()))


def location_without_saying_that_it_is_external(model: onnx.ModelProto) -> None:
    tensor = outside()
    tensor.data_location = TensorProto.DEFAULT
    model.graph.initializer.append(tensor)


PLACES: list[Place] = [
    initializer, sparse_values, sparse_indices, branch_without_a_node, branch_with_a_sparse_tensor, branch_in_a_branch,
    one_of_several_graphs, attribute, attribute_that_says_it_is_a_number, one_of_several_tensors, sparse_attribute,
    one_of_several_sparse_attributes, function, default_of_a_function, training,
    location_without_saying_that_it_is_external,
]  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_data_outside_of_the_file_is_found_wherever_it_is_named(place: Place) -> None:
    model = onnx.load_model_from_string(saved(plain()))
    place(model)
    with pytest.raises(Refused, match="tensor 'secret' keeps its data outside of the file"):
        check_graph(model.SerializeToString())


def in_a_branch(graph: onnx.GraphProto) -> onnx.GraphProto:
    found = plain()
    found.node.append(helper.make_node("If", ["c"], ["o"], then_branch=graph, else_branch=graph))
    return found


def function_of(domain: str, opset: int) -> bytes:
    model = onnx.load_model_from_string(saved(plain()))
    node = helper.make_node("Identity", ["c"], ["o"], domain=domain)
    model.functions.append(helper.make_function("", "F", ["c"], ["o"], [node], [helper.make_opsetid("", opset)]))
    found: bytes = model.SerializeToString()
    return found


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (b"not a model", "not an ONNX model"),
        (saved(plain("com.example")), "domain 'com.example'"),
        (saved(in_a_branch(plain("com.example"))), "domain 'com.example'"),
        (function_of("com.example", 17), "domain 'com.example'"),
        (function_of("", 99), "opset 99 is outside of"),
        (saved(plain(), opset=8), "opset 8 is outside of"),
        (saved(plain(), opset=99), "opset 99 is outside of"),
    ],
)
def test_a_graph_with_anything_unknown_in_it_is_refused(model: bytes, words: str) -> None:
    with pytest.raises(Refused, match=words):
        check_graph(model)


def test_a_graph_with_branches_and_functions_of_standard_operators_is_taken() -> None:
    check_graph(onnx_model())
    check_graph(saved(in_a_branch(plain())))
    check_graph(function_of("", 17))
