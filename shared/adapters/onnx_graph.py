"""What a stranger's graph may contain: operators that the pinned runtime knows, and no data but the package's own."""

from collections.abc import Collection, Iterator, Mapping
from functools import cache
from typing import Any

from shared.ports.errors import Refused

# What a graph is allowed to be made of, beside functions that it defines itself of these.
DOMAINS = frozenset({"", "ai.onnx.ml", "com.microsoft"})
# Of com.microsoft: code for one accelerator, made elsewhere, and what is there for tests.
_FOREIGN = frozenset({"EPContext", "Snpe", "SampleOp"})
# ONNX Runtime puts the body of a function in the place of each call: fifteen functions that call each other twice
# hold it up for a minute.
_MOST_CALLS = 20_000
_EXTERNAL = 1  # TensorProto.EXTERNAL


def check_graph(model: bytes, files: Collection[str] = ()) -> Any:
    """The `onnx.ModelProto`. `files` are those of the package that may hold its data.

    Raises `Refused` for operators that are not known here, and for data outside of the package. `onnx` is imported here
    since it costs tens of megabytes that a process serving a known model does not need.
    """
    import onnx

    try:
        graph = onnx.load_model_from_string(model)
    except Exception as error:  # protobuf raises what it likes over foreign bytes
        raise Refused(f"model.onnx: not an ONNX model ({error})") from error
    own = {(_domain(each), each.name): each for each in graph.functions}
    _check_calls(own)
    for part in _parts(graph):
        match part:
            case onnx.TensorProto():
                _check_tensor(part, files)
            case onnx.NodeProto():
                _check_operator(part, own)
    return graph


def _parts(message: Any) -> Iterator[Any]:
    """This message and all within it, wherever the format has a place for one: branches and loops without a node,
    functions, defaults of their attributes, sparse tensors, training. What lies inside of a tensor is left out.
    """
    yield message
    if message.DESCRIPTOR.name == "TensorProto":
        return
    for field, value in message.ListFields():
        if field.message_type is not None:
            for inner in (value,) if hasattr(value, "ListFields") else value:
                yield from _parts(inner)


@cache
def operators() -> Mapping[str, frozenset[str]]:
    """By domain, as the installed ONNX Runtime says. Imported domains without an operator in use do no harm."""
    from onnxruntime.capi import onnxruntime_pybind11_state

    found: dict[str, set[str]] = {domain: set() for domain in DOMAINS}
    for schema in onnxruntime_pybind11_state.get_all_operator_schema():
        if schema.domain in DOMAINS:
            found[schema.domain].add(schema.name)
    found["com.microsoft"] -= _FOREIGN
    return {domain: frozenset(names) for domain, names in found.items()}


def _domain(part: Any) -> str:
    return "" if part.domain == "ai.onnx" else str(part.domain)


def _check_operator(node: Any, own: Collection[tuple[str, str]]) -> None:
    domain = _domain(node)
    if (domain, node.op_type) in own or node.op_type in operators().get(domain, ()):
        return
    place = f"node {node.name!r}" if node.name else f"the node that gives {', '.join(map(repr, node.output[:2]))}"
    raise Refused(
        f"model.onnx: operator {node.op_type!r} of domain {domain!r} ({place}) is not known here; taken are those of "
        f"ai.onnx, ai.onnx.ml and com.microsoft that the installed ONNX Runtime has: export the model without it"
    )


def _check_calls(functions: Mapping[tuple[str, str], Any]) -> None:
    """How many nodes a call of each comes to, once all that it calls itself stands in its place."""
    sizes: dict[tuple[str, str], int] = {}
    for name in functions:
        _size(name, functions, sizes, ())


def _size(
    name: tuple[str, str], functions: Mapping[tuple[str, str], Any], sizes: dict[tuple[str, str], int],
    callers: tuple[tuple[str, str], ...],
) -> int:  # fmt: skip
    if name in callers or len(callers) > 100:
        raise Refused(
            f"model.onnx: function {name[1]!r} of domain {name[0]!r} calls itself, or through too many others"
        )
    if name not in sizes:
        nodes = [part for part in _parts(functions[name]) if part.DESCRIPTOR.name == "NodeProto"]
        called = [(_domain(node), node.op_type) for node in nodes]
        inner = (_size(each, functions, sizes, (*callers, name)) for each in called if each in functions)
        sizes[name] = len(nodes) + sum(inner)
    if sizes[name] > _MOST_CALLS:
        raise Refused(f"model.onnx: function {name[1]!r} comes to more than {_MOST_CALLS} nodes with all that it calls")
    return sizes[name]


def _check_tensor(tensor: Any, files: Collection[str]) -> None:
    """Where a tensor's data lies is a file that the package lists: never a path, a link or an address in memory."""
    if not tensor.external_data and tensor.data_location != _EXTERNAL:
        return
    places = [entry.value for entry in tensor.external_data if entry.key == "location"]
    if places and all(place in files for place in places):
        return
    raise Refused(
        f"model.onnx: tensor {tensor.name!r} keeps its data outside of the file, in {''.join(places[-1:])!r:.200}, "
        f"which is not one of the package's own files: put the file into the package's folder and its name into "
        f"`files` of signature.json, or save the model with its data inside"
    )
