"""What an ONNX file declares: read from its bytes without the onnx package, and without a copy of its weights.

Only the way to inputs and outputs is walked (https://protobuf.dev/programming-guides/encoding/, field numbers from
onnx.proto); nodes and weights are stepped over, so it costs little however large the file is.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from shared.packages.errors import NotAPackage
from shared.packages.graph import Graph, GraphTensor

# Larger than any real graph; what a stranger's file says may be anything.
_MOST_FIELDS = 5_000_000
_DATATYPES = {
    1: "FP32", 2: "UINT8", 3: "INT8", 4: "UINT16", 5: "INT16", 6: "INT32", 7: "INT64", 8: "BYTES", 9: "BOOL",
    10: "FP16", 11: "FP64", 12: "UINT32", 13: "UINT64", 16: "BF16",
}  # fmt: skip
# By the field of TypeProto.
_NO_TENSORS = {4: "a sequence", 5: "a map", 7: "something opaque", 8: "a sparse tensor", 9: "an optional"}


class _Broken(ValueError):
    """These bytes are no protobuf message."""


type _Value = int | memoryview


@dataclass(slots=True)
class _Reader:
    """Counts what it has read, over all messages of one file."""

    left: int = _MOST_FIELDS

    def fields(self, body: memoryview) -> Iterator[tuple[int, _Value]]:
        """Number and value of each field: an integer, or the bytes of a text, a message or a fixed number."""
        at = 0
        while at < len(body):
            self.left -= 1
            if self.left < 0:
                raise _Broken(f"it has more than {_MOST_FIELDS} parts")
            key, at = _varint(body, at)
            if key & 7 == 0:
                value, at = _varint(body, at)
                yield key >> 3, value
                continue
            size, at = _size(body, key & 7, at)
            if at + size > len(body):
                raise _Broken("it is cut off")
            yield key >> 3, body[at : at + size]
            at += size

    def parts(self, body: memoryview, number: int) -> Iterator[memoryview]:
        """The messages or texts in this field."""
        for found, value in self.fields(body):
            if found == number:
                yield _bytes(value)


def _size(body: memoryview, wire: int, at: int) -> tuple[int, int]:
    if wire == 2:
        return _varint(body, at)
    if wire in (1, 5):
        return (8 if wire == 1 else 4), at
    raise _Broken("it is no protobuf message")


def _varint(body: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(body) and shift < 70:
        byte = body[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
    raise _Broken("it is cut off")


def _bytes(value: _Value) -> memoryview:
    if isinstance(value, int):
        raise _Broken("a number stands where a message is expected")
    return value


def _number(value: _Value) -> int:
    """Signed, as int64 is."""
    if not isinstance(value, int):
        raise _Broken("a message stands where a number is expected")
    return value - (1 << 64) if value >= 1 << 63 else value


def _text(value: _Value) -> str:
    return bytes(_bytes(value)).decode("utf-8", "replace")


@dataclass(slots=True)
class _Found:
    ir_version: int = 0
    opsets: dict[str, int] = field(default_factory=dict)
    inputs: list[GraphTensor] = field(default_factory=list)
    outputs: list[GraphTensor] = field(default_factory=list)
    defaults: set[str] = field(default_factory=set)


def read_graph(model: bytes) -> Graph:
    """Raises `NotAPackage` for bytes that are no ONNX model. Nothing in it is run."""
    found, reader = _Found(), _Reader()
    try:
        for number, value in reader.fields(memoryview(model)):
            if number == 1:
                found.ir_version = _number(value)
            elif number == 7:
                _read_graph(reader, _bytes(value), found)
            elif number == 8:
                _read_opset(reader, _bytes(value), found)
    except _Broken as problem:
        raise NotAPackage("model.onnx", f"is not an ONNX model ({problem})") from problem
    if not found.outputs:
        raise NotAPackage("model.onnx", "is not an ONNX model (it has no graph with outputs)")
    inputs = tuple(each for each in found.inputs if each.name not in found.defaults)
    return Graph(found.ir_version, found.opsets, inputs, tuple(found.outputs))


def _read_graph(reader: _Reader, body: memoryview, found: _Found) -> None:
    for number, value in reader.fields(body):
        if number == 5:
            found.defaults.update(map(_text, reader.parts(_bytes(value), 8)))
        elif number == 15:  # sparse: its values are the tensor that has the name
            for values in reader.parts(_bytes(value), 1):
                found.defaults.update(map(_text, reader.parts(values, 8)))
        elif number == 11:
            found.inputs.append(_tensor(reader, _bytes(value)))
        elif number == 12:
            found.outputs.append(_tensor(reader, _bytes(value)))


def _read_opset(reader: _Reader, body: memoryview, found: _Found) -> None:
    domain, version = "", 0
    for number, value in reader.fields(body):
        if number == 1:
            domain = _text(value)
        elif number == 2:
            version = _number(value)
    found.opsets["" if domain == "ai.onnx" else domain] = version


def _tensor(reader: _Reader, body: memoryview) -> GraphTensor:
    name, kind, shape = "", "nothing that is typed", None
    for number, value in reader.fields(body):
        if number == 1:
            name = _text(value)
        elif number == 2:
            kind, shape = _type(reader, _bytes(value))
    return GraphTensor(name, kind, shape)


def _type(reader: _Reader, body: memoryview) -> tuple[str, tuple[int, ...] | None]:
    for number, value in reader.fields(body):
        if number == 1:
            return _tensor_type(reader, _bytes(value))
        if number == 4:
            return _sequence(reader, _bytes(value)), None
        if number in _NO_TENSORS:
            return _NO_TENSORS[number], None
    return "nothing that is typed", None


def _sequence(reader: _Reader, body: memoryview) -> str:
    """One level of it: a file may have any number of them."""
    for part in reader.parts(body, 1):
        for number, _ in reader.fields(part):
            return "a sequence of maps" if number == 5 else "a sequence of tensors"
    return "a sequence"


def _tensor_type(reader: _Reader, body: memoryview) -> tuple[str, tuple[int, ...] | None]:
    kind, shape = 0, None
    for number, value in reader.fields(body):
        if number == 1:
            kind = _number(value)
        elif number == 2:
            shape = tuple(_dimension(reader, part) for part in reader.parts(_bytes(value), 1))
    return _DATATYPES.get(kind, f"number {kind} of ONNX, which the protocol has not"), shape


def _dimension(reader: _Reader, body: memoryview) -> int:
    for number, value in reader.fields(body):
        if number == 1:
            return max(_number(value), -1) or -1
    return -1
