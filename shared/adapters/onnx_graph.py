"""What a stranger's graph may contain: standard operators of known versions, and all of its data in the file itself."""

from collections.abc import Iterator
from typing import Any

from shared.ports.errors import Refused

# Operator sets whose meaning the ONNX standard fixes; anything else would be code we do not know.
DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml"})
OLDEST_OPSET = 9
_EXTERNAL = 1  # TensorProto.EXTERNAL


def check_graph(model: bytes) -> None:
    """Raise `Refused` for a graph with data outside of the file, or operators or opsets we do not know.

    `onnx` is imported here since it costs tens of megabytes that a process serving a known model does not need.
    """
    import onnx

    try:
        graph = onnx.load_model_from_string(model)
    except Exception as error:  # protobuf raises what it likes over foreign bytes
        raise Refused(f"model.onnx: not an ONNX model ({error})") from error
    newest = onnx.defs.onnx_opset_version()
    for part in _parts(graph):
        match part:
            case onnx.TensorProto():
                _check_tensor(part)
            case onnx.NodeProto():
                _check_operator(part)
            case onnx.OperatorSetIdProto():
                _check_opset(part.domain, part.version, newest)


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


def _check_opset(domain: str, version: int, newest: int) -> None:
    if domain not in DOMAINS:
        raise Refused(f"model.onnx: operator domain {domain!r} is not one of ai.onnx, ai.onnx.ml")
    if domain != "ai.onnx.ml" and not OLDEST_OPSET <= version <= newest:
        raise Refused(f"model.onnx: opset {version} is outside of {OLDEST_OPSET} to {newest}")


def _check_operator(node: Any) -> None:
    if node.domain not in DOMAINS:
        raise Refused(f"model.onnx: operator {node.op_type} of domain {node.domain!r} is not a standard one")


def _check_tensor(tensor: Any) -> None:
    if tensor.external_data or tensor.data_location == _EXTERNAL:
        raise Refused(f"model.onnx: tensor {tensor.name!r} keeps its data outside of the file")
