"""What a graph may contain before it is run here, wherever in the file it stands."""

from collections.abc import Callable

import onnx
import pytest
from onnx import TensorProto, helper

from shared.adapters.onnx_graph import check_graph, operators
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


def of_operator(name: str, domain: str = "") -> onnx.GraphProto:
    found = plain()
    found.node[0].CopyFrom(helper.make_node(name, ["X"], ["Y"], "n", domain=domain))
    return found


def calling(_how: str, calls: list[list[str]]) -> bytes:
    """Functions f0, f1, ... of domain `own`, each of which calls these one after the other; "itself" is f0."""
    model = onnx.load_model_from_string(saved(plain("")))
    model.graph.node[0].CopyFrom(helper.make_node("f0", ["X"], ["Y"], domain="own"))
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    for index, names in enumerate(calls):
        at = ["c", *(f"v{step}" for step in range(len(names)))]
        nodes = [
            helper.make_node(name.replace("itself", "f0"), [at[step]], [at[step + 1]], domain="own")
            for step, name in enumerate(names)
        ]
        nodes.append(helper.make_node("Identity", [at[-1]], ["o"]))
        model.functions.append(helper.make_function("own", f"f{index}", ["c"], ["o"], nodes, imports))
    model.opset_import.append(helper.make_opsetid("own", 1))
    return bytes(model.SerializeToString())


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (b"not a model", "not an ONNX model"),
        (saved(plain("com.example")), "operator 'Identity' of domain 'com.example' \\(the node that gives 'Y'\\)"),
        (saved(plain("com.microsoft")), "operator 'Identity' of domain 'com.microsoft'"),
        (
            saved(of_operator("EPContext", "com.microsoft")),
            "operator 'EPContext' of domain 'com.microsoft' \\(node 'n'\\)",
        ),
        (saved(of_operator("Sluice")), "operator 'Sluice' of domain ''"),
        (saved(of_operator("Conv", "com.microsoft.nchwc")), "operator 'Conv' of domain 'com.microsoft.nchwc'"),
        (saved(in_a_branch(plain("com.example"))), "domain 'com.example'"),
        (function_of("com.example", 17), "domain 'com.example'"),
        (calling("itself", [["itself"]]), "function 'f0' of domain 'own' calls itself"),
        (calling("each other", [["f1"], ["f0"]]), "calls itself"),
        (calling("twice", [["f1", "f1"]] + [[f"f{n}"] * 2 for n in range(2, 20)] + [[]]), "more than 20000 nodes"),
    ],
)
def test_a_graph_with_anything_unknown_in_it_is_refused(model: bytes, words: str) -> None:
    with pytest.raises(Refused, match=words):
        check_graph(model)


@pytest.mark.parametrize(
    "place", ["../weights.bin", "/etc/passwd", "*/_ORT_MEM_ADDR_/*", "./weights.bin", "a/../weights.bin"]
)
def test_data_is_taken_from_the_packages_own_files_alone(place: str) -> None:
    model = onnx.load_model_from_string(saved(plain()))
    tensor = outside()
    tensor.external_data[0].value = "weights.bin"
    model.graph.initializer.append(tensor)
    check_graph(model.SerializeToString(), ["weights.bin"])
    model.graph.initializer[0].external_data.add(key="location", value=place)
    with pytest.raises(Refused, match="not one of the package's own files"):
        check_graph(model.SerializeToString(), ["weights.bin"])


def test_what_the_pinned_runtime_knows_is_taken() -> None:
    known = operators()
    assert {"QGemm", "Tokenizer", "FusedMatMul"} <= known["com.microsoft"]
    assert "TreeEnsembleClassifier" in known["ai.onnx.ml"]
    check_graph(saved(of_operator("QuickGelu", "com.microsoft")))
    check_graph(saved(plain("ai.onnx")))


def test_a_domain_without_an_operator_in_use_does_no_harm() -> None:
    model = onnx.load_model_from_string(saved(plain()))
    model.opset_import.append(helper.make_opsetid("com.example", 1))
    check_graph(model.SerializeToString())


def test_functions_of_the_model_itself_are_taken_in_any_domain() -> None:
    check_graph(calling("once", [["f1"], []]))


def test_a_graph_with_branches_and_functions_of_standard_operators_is_taken() -> None:
    check_graph(onnx_model())
    check_graph(saved(in_a_branch(plain())))
    check_graph(function_of("", 17))
