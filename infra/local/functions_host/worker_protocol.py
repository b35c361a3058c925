"""Stand-ins for the protobuf messages that the worker library builds: plain attribute bags, no protobuf installed."""

from types import SimpleNamespace
from typing import Any


class Message:
    """Keeps its keyword arguments as attributes."""

    def __init__(self, **fields: Any) -> None:
        self.__dict__.update(fields)


class BindingInfo(Message):
    """Directions and data types; the library compares them by value, so the numbers are those of the protocol."""

    out = 1
    inout = 2
    undefined = 0
    string = 1
    binary = 2
    stream = 3


# `in` is a keyword, so the class body cannot name it.
setattr(BindingInfo, "in", 0)


class StatusResult(Message):
    Failure = 0
    Success = 1


_FIELDS_ONLY = (
    "FunctionLoadResponse",
    "FunctionMetadataResponse",
    "RpcException",
    "RpcFunctionMetadata",
    "RpcRetryOptions",
    "WorkerInitResponse",
    "WorkerMetadata",
)


def namespace() -> SimpleNamespace:
    """What the library expects under `request.properties["protos"]`."""
    messages = {name: type(name, (Message,), {}) for name in _FIELDS_ONLY}
    return SimpleNamespace(BindingInfo=BindingInfo, StatusResult=StatusResult, **messages)
