"""What converters write and nobody can serve, made servable: the same numbers in tensors with a row for each row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import onnx
from onnx import TensorProto, helper

from function_app.model_builder.errors import CannotBuild

# There is no other locale in a small container image; its letters are those of Unicode.
_LOCALE = "C.UTF-8"


@dataclass(slots=True)
class Tidied:
    """`classes` are those that the graph names for its probabilities; `done` says in words what was changed."""

    model: onnx.ModelProto
    classes: tuple[str | int, ...] = ()
    done: list[str] = field(default_factory=list)


def tidy(body: bytes) -> Tidied:
    """Raises `CannotBuild` for what is no ONNX model."""
    try:
        tidied = Tidied(onnx.load_model_from_string(body))
    except Exception as error:  # protobuf raises what it likes over foreign bytes
        raise CannotBuild(f"this is no ONNX model ({str(error)[:200]})") from error
    _without_zipmaps(tidied)
    _without_sequences(tidied)
    _rows_first(tidied)
    _in_any_locale(tidied)
    return tidied


def _without_zipmaps(tidied: Tidied) -> None:
    """A ZipMap names the columns of a matrix: the matrix is answered, and the names go into the signature."""
    graph = tidied.model.graph
    for node in [each for each in graph.node if each.op_type == "ZipMap"]:
        output = next((each for each in graph.output if each.name == node.output[0]), None)
        if output is None:
            continue  # something in the graph reads it: then it stays
        attributes = {each.name: helper.get_attribute_value(each) for each in node.attribute}
        names = attributes.get("classlabels_int64s") or attributes.get("classlabels_strings") or ()
        tidied.classes = tuple(each.decode() if isinstance(each, bytes) else int(each) for each in names)
        _answer(graph, output, node.input[0], ["N", len(names) or None])
        graph.node.remove(node)
        tidied.done.append(f"ZipMap taken out: {node.input[0]} is a matrix [N, {len(names)}]")


def _answer(graph: Any, output: Any, name: str, shape: Sequence[str | int | None]) -> None:
    """The output is this tensor now."""
    output.CopyFrom(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
    for known in [each for each in graph.value_info if each.name == name]:
        graph.value_info.remove(known)


def _without_sequences(tidied: Tidied) -> None:
    """A sequence of [N, 2], one for each label, becomes the probability of each label, [N, L]."""
    graph = tidied.model.graph
    made = {node.output[0]: node for node in graph.node if node.op_type == "SequenceConstruct"}
    for output in [each for each in graph.output if each.name in made]:
        node = made[output.name]
        name = f"{output.name}_matrix"
        graph.initializer.append(helper.make_tensor(f"{name}_yes", TensorProto.INT64, [1], [1]))
        columns = [f"{name}_{index}" for index in range(len(node.input))]
        for source, column in zip(node.input, columns, strict=True):
            graph.node.append(helper.make_node("Gather", [source, f"{name}_yes"], [column], axis=1))
        graph.node.append(helper.make_node("Concat", columns, [name], axis=1))
        graph.node.remove(node)
        _answer(graph, output, name, ["N", len(columns)])
        tidied.done.append(f"a sequence of {len(columns)} matrices made one matrix [N, {len(columns)}]")


def _rows_first(tidied: Tidied) -> None:
    """Probabilities [L, N, 2] of several labels become [N, L]."""
    graph = tidied.model.graph
    for output in list(graph.output):
        sizes = output.type.tensor_type.shape.dim
        if len(sizes) == 3 and sizes[0].dim_value > 1 and not sizes[1].dim_value and sizes[2].dim_value == 2:
            name, labels = f"{output.name}_matrix", sizes[0].dim_value
            graph.initializer.append(helper.make_tensor(f"{name}_yes", TensorProto.INT64, [], [1]))
            graph.node.append(helper.make_node("Gather", [output.name, f"{name}_yes"], [f"{name}_t"], axis=2))
            graph.node.append(helper.make_node("Transpose", [f"{name}_t"], [name], perm=[1, 0]))
            _answer(graph, output, name, ["N", labels])
            tidied.done.append(f"{output.name} [{labels}, N, 2] made a matrix [N, {labels}]")


def _in_any_locale(tidied: Tidied) -> None:
    for node in tidied.model.graph.node:
        if node.op_type == "StringNormalizer":
            kept = [each for each in node.attribute if each.name != "locale"]
            del node.attribute[:]
            node.attribute.extend([*kept, helper.make_attribute("locale", _LOCALE)])
            tidied.done.append(f"StringNormalizer uses locale {_LOCALE}, which every image has")


def declare(tidied: Tidied, found: Mapping[str, Sequence[int]], fixed: bool) -> None:
    """Write the shapes that outputs have into the graph: those that converters declare are often others.

    `found` are shapes that came out for some rows, -1 where two runs gave different sizes. `fixed` graphs take one row.
    """
    for output in tidied.model.graph.output:
        shape = found[output.name]
        wanted = [
            1 if fixed else "N",
            *(size if size > 0 else f"{output.name}_{at}" for at, size in enumerate(shape[1:])),
        ]
        kind = output.type.tensor_type
        declared = [each.dim_value or -1 for each in kind.shape.dim]
        if declared != [1 if fixed else -1, *shape[1:]]:
            tidied.done.append(f"output {output.name} declared {declared}, gives {['N', *shape[1:]]}")
            output.CopyFrom(helper.make_tensor_value_info(output.name, kind.elem_type, wanted))


def free_rows(tidied: Tidied) -> None:
    """Free the fixed first dimension of what goes in: the caller has seen that it runs with more rows."""
    for tensor in tidied.model.graph.input:
        dimension = tensor.type.tensor_type.shape.dim[0]
        if dimension.dim_value:
            dimension.dim_param = "N"
            tidied.done.append(f"input {tensor.name} takes any number of rows")
