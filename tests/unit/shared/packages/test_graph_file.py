"""What an ONNX file declares, read without the onnx package: as onnx itself reads it, whatever is in the file."""

from contextlib import suppress

import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from shared.packages import NotAPackage
from shared.packages.graph import GraphTensor
from shared.packages.graph_file import _Reader, read_graph
from tests.support.onnx_models import onnx_model

_DATATYPES: dict[int, str] = {
    TensorProto.FLOAT: "FP32", TensorProto.DOUBLE: "FP64", TensorProto.FLOAT16: "FP16", TensorProto.BFLOAT16: "BF16",
    TensorProto.BOOL: "BOOL", TensorProto.STRING: "BYTES", TensorProto.UINT8: "UINT8", TensorProto.INT8: "INT8",
    TensorProto.UINT16: "UINT16", TensorProto.INT16: "INT16", TensorProto.UINT32: "UINT32", TensorProto.INT32: "INT32",
    TensorProto.UINT64: "UINT64", TensorProto.INT64: "INT64",
}  # fmt: skip
_DIMENSIONS = st.lists(st.one_of(st.none(), st.sampled_from(["N", "größe"]), st.integers(1, 2**40)), max_size=4)
_TENSORS = st.lists(
    st.tuples(st.text(min_size=1, max_size=9), st.sampled_from(sorted(_DATATYPES)), st.one_of(st.none(), _DIMENSIONS)),
    min_size=1, max_size=5, unique_by=lambda each: each[0],
)  # fmt: skip


def said(tensors: list[tuple[str, int, list[int | str | None] | None]]) -> tuple[GraphTensor, ...]:
    return tuple(
        GraphTensor(
            name,
            _DATATYPES[kind],
            None if shape is None else tuple(size if isinstance(size, int) else -1 for size in shape),
        )
        for name, kind, shape in tensors
    )


def infos(tensors: list[tuple[str, int, list[int | str | None] | None]]) -> list[onnx.ValueInfoProto]:
    return [helper.make_tensor_value_info(*each) for each in tensors]


@settings(max_examples=60, deadline=None)
@given(_TENSORS, _TENSORS, st.integers(1, 40), st.booleans())
def test_it_is_read_as_onnx_wrote_it(inputs: list, outputs: list, opset: int, first_has_default: bool) -> None:  # type: ignore[type-arg]
    first = inputs[0][0]
    defaults = [helper.make_tensor(first, TensorProto.FLOAT, [1000], b"\1" * 4000, raw=True)]
    graph = helper.make_graph([], "g", infos(inputs), infos(outputs), defaults if first_has_default else [])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("ai.onnx", opset)], ir_version=7)
    found = read_graph(model.SerializeToString())
    assert found.inputs == said(inputs)[1 if first_has_default else 0 :]
    assert (found.outputs, found.opsets, found.ir_version) == (said(outputs), {"": opset}, 7)


def test_a_sparse_default_is_one_too() -> None:
    values = helper.make_tensor("X", TensorProto.FLOAT, [1], [0.5])
    sparse = onnx.SparseTensorProto(values=values, dims=[1])
    tensor = helper.make_tensor_value_info("X", TensorProto.FLOAT, [1])
    graph = helper.make_graph([], "g", [tensor], [tensor], sparse_initializer=[sparse])
    assert read_graph(helper.make_model(graph).SerializeToString()).inputs == ()


def test_what_is_no_tensor_is_said_in_words() -> None:
    maps = helper.make_map_type_proto(TensorProto.INT64, helper.make_tensor_type_proto(TensorProto.FLOAT, None))
    listed = helper.make_sequence_type_proto(maps)
    tensors = helper.make_sequence_type_proto(helper.make_tensor_type_proto(TensorProto.FLOAT, None))
    optional = helper.make_optional_type_proto(helper.make_tensor_type_proto(TensorProto.FLOAT, None))
    kinds = [listed, tensors, optional, maps, helper.make_tensor_type_proto(TensorProto.COMPLEX64, None)]
    outputs = [helper.make_value_info(f"o{index}", kind) for index, kind in enumerate(kinds)]
    found = read_graph(helper.make_model(helper.make_graph([], "g", [], outputs)).SerializeToString())
    assert [each.datatype for each in found.outputs] == [
        "a sequence of maps", "a sequence of tensors", "an optional", "a map",
        "number 14 of ONNX, which the protocol has not",
    ]  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_broken_bytes_are_refused_or_read_and_nothing_else(data: st.DataObject) -> None:
    body = bytearray(onnx_model())
    for at in data.draw(st.lists(st.integers(0, len(body) - 1), max_size=4)):
        body[at] = data.draw(st.integers(0, 255))
    cut = bytes(body[: data.draw(st.integers(0, len(body)))])
    with suppress(NotAPackage):
        read_graph(cut)


@pytest.mark.parametrize("body", [b"", b"graph", b"\x80\x04pickle", b"\x0a\xff\xff\xff\xff\x0f", b"PAR1" * 9])
def test_what_is_no_model_is_refused(body: bytes) -> None:
    with pytest.raises(NotAPackage, match=r"model\.onnx: is not an ONNX model"):
        read_graph(body)


def test_endless_parts_are_not_read_to_their_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_Reader.__init__, "__defaults__", (100,))
    with pytest.raises(NotAPackage, match="more than"):
        read_graph(b"\x08\x01" * 101)
