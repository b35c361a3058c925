"""Values of another datatype than the model's are taken where they mean the same, in JSON and as bytes as in Arrow."""

import json
from math import isfinite
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.protocol import InferRequest, decode
from services.scoring.protocol.answers import Problem
from services.scoring.protocol.layout import DTYPES, Layout, layout_of
from shared.packages import Signature
from shared.ports.models.inference import TensorDatatype, TensorSpec
from tests.support.onnx_models import SIGNATURE

pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered in cast")
NUMBERS: list[TensorDatatype] = [
    "INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64", "FP16", "FP32", "FP64",
]  # fmt: skip


def layout(*wanted: TensorDatatype, shape: tuple[int, ...] = (-1, 1), nullable: bool = False) -> Layout:
    """Inputs a, b, ... of these datatypes."""
    columns = [
        {"name": name, "datatype": "FP32", "kind": "numeric", "nullable": nullable} for name in "abc"[: len(wanted)]
    ]
    specs = [TensorSpec(name, kind, shape) for name, kind in zip("abc", wanted, strict=False)]
    return layout_of(specs, Signature.model_validate({**SIGNATURE, "inputs": columns, "groups": []}))


def tensor(datatype: str, data: Any, shape: list[int] | None = None, name: str = "a") -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": shape or [len(data)], "data": data}


def read(model: Layout, *tensors: dict[str, Any]) -> InferRequest | Problem:
    return decode(model, json.dumps({"inputs": tensors}).encode(), None, 10_000)


def read_bytes(model: Layout, datatype: str, array: np.ndarray) -> InferRequest | Problem:
    body = array.tobytes()
    parameters = {"binary_data_size": len(body)}
    said = {"name": "a", "datatype": datatype, "shape": [len(array)], "parameters": parameters}
    head = json.dumps({"inputs": [said]}).encode()
    return decode(model, head + body, len(head), 10_000)


def values(found: InferRequest | Problem) -> np.ndarray:
    assert isinstance(found, InferRequest), found
    return found.arrays[0].reshape(-1)


@pytest.mark.parametrize("wanted", NUMBERS)
@pytest.mark.parametrize("sent", NUMBERS)
def test_a_number_is_taken_for_another_unless_it_would_lose_its_fraction(
    sent: TensorDatatype, wanted: TensorDatatype
) -> None:
    given = np.array([0, 1, 100], DTYPES[sent])
    for _ in range(2):  # the second time, its form may be known
        for found in (read(layout(wanted), tensor(sent, given.tolist())), read_bytes(layout(wanted), sent, given)):
            if sent.startswith("FP") and not wanted.startswith("FP"):
                assert isinstance(found, Problem)
                assert f"datatype {wanted}; found shape [3], datatype '{sent}'" in found.message
            else:
                assert (values(found).tolist(), values(found).dtype) == ([0, 1, 100], DTYPES[wanted])


@given(
    sent=st.sampled_from(NUMBERS), wanted=st.sampled_from(NUMBERS), number=st.integers(-(2**63), 2**64) | st.floats()
)
def test_the_numbers_are_those_that_were_sent_or_none(sent: Any, wanted: Any, number: float) -> None:
    """Exactly in integers; in floats, the nearest one."""
    found = read(layout(wanted), tensor(sent, [number])) if isfinite(number) else Problem(400, "")
    if isinstance(found, InferRequest):
        (value,) = values(found).tolist()
        with np.errstate(over="ignore"):
            assert value == (DTYPES[wanted].type(number) if wanted.startswith("FP") else number)
        assert type(number) is int or sent.startswith("FP")


@pytest.mark.parametrize(
    ("wanted", "sent", "data", "words"),
    [
        ("FP32", "INT64", ["7"], "a: expected values of datatype INT64, found text"),
        ("FP32", "INT64", [1.5], "a: expected values of datatype INT64, found number"),
        ("FP32", "FP64", [True], "a: expected values of datatype FP64, found boolean"),
        ("FP32", "FP64", [None], "a: expected values of datatype FP64, found null"),
        ("FP32", "BYTES", ["7"], "a: expected shape [1, 1], datatype FP32; found shape [1], datatype 'BYTES'"),
        ("FP32", "BOOL", [True], "datatype 'BOOL'"),
        ("INT32", "BOOL", [True], "datatype 'BOOL'"),
        ("BOOL", "INT8", [1], "expected shape [1, 1], datatype BOOL"),
        ("BYTES", "INT64", [7], "expected shape [1, 1], datatype BYTES"),
        ("INT64", "FP64", [7.0], "expected shape [1, 1], datatype INT64"),
        ("INT32", "INT64", [2**31], "a: a value is outside of the range of datatype INT32"),
        ("UINT8", "INT64", [-1], "a: a value is outside of the range of datatype UINT8"),
        ("FP32", "FP128", [1.0], "datatype 'FP128'"),
        ("FP32", ["FP64"], [1.0], "datatype ['FP64']"),
        ("FP32", "FP64", [[[1.0]]], "a: expected values of datatype FP64, found array"),
        ("FP32", "FP64", [1.0, 2.0], "a: 2 values for shape [1]"),
    ],
)
def test_what_would_mean_something_else_is_refused(wanted: Any, sent: Any, data: Any, words: str) -> None:
    found = read(layout(wanted), tensor(sent, data, [1]))
    assert isinstance(found, Problem)
    assert words in found.message


def test_a_wrong_shape_is_told_with_the_datatype_that_was_sent() -> None:
    found = read(layout("FP32"), tensor("INT64", [1, 2], [1, 2]))
    assert isinstance(found, Problem)
    assert found.message == "a: expected shape [1, 1], datatype FP32; found shape [1, 2], datatype 'INT64'"


def test_beyond_the_range_of_a_narrow_float_is_infinite_which_no_model_is_asked() -> None:
    assert np.isinf(values(read(layout("FP32"), tensor("FP64", [1e39])))).all()
    assert np.isinf(values(read_bytes(layout("FP32"), "FP64", np.array([1e39])))).all()


def test_missing_whole_numbers_are_taken_where_a_float_may_be_missing() -> None:
    found = values(read(layout("FP32", nullable=True), tensor("INT64", [7, None])))
    np.testing.assert_array_equal(found, np.array([7, np.nan], np.float32))


def test_tensors_beside_one_of_another_datatype_are_read_as_ever() -> None:
    model = layout("FP32", "FP32", "INT64")
    others = [tensor("FP32", [[1.5], [2.5]], [2, 1], "b"), tensor("INT32", [5, 6], None, "c")]
    found = read(model, tensor("INT64", [[3], [4]], [2, 1]), *others)
    assert isinstance(found, InferRequest)
    assert [each.tolist() for each in found.arrays] == [[[3.0, 4.0], [1.5, 2.5]], [[5, 6]]]


@pytest.mark.parametrize("count", [3, 900])
def test_a_wide_tensor_may_be_of_another_datatype_flat_nested_or_long(count: int) -> None:
    model = layout("FP32", shape=(-1, 3))
    flat = [index + 0.5 for index in range(count)]
    nested = [flat[at : at + 3] for at in range(0, count, 3)]
    for data in (flat, nested):
        assert values(read(model, tensor("FP64", data, [count // 3, 3]))).tolist() == flat
    whole = list(range(count))
    assert values(read(model, tensor("INT64", whole, [count // 3, 3]))).tolist() == whole


def test_bytes_of_another_datatype_and_the_same_size_are_not_taken_for_the_models() -> None:
    """Four bytes are a float as well as an integer: what is remembered of a message must hold its datatype."""
    model = layout("FP32")
    for _ in range(3):
        assert values(read_bytes(model, "INT32", np.array([1, 2], np.int32))).tolist() == [1.0, 2.0]
        assert values(read_bytes(model, "FP32", np.array([1, 2], np.float32))).tolist() == [1.0, 2.0]


def test_a_form_of_another_datatype_is_read_with_all_its_checks_every_time() -> None:
    model = layout("FP32", shape=(-1, 3))
    for _ in range(3):
        assert isinstance(read(model, tensor("INT64", [1, 2, 3], [1, 3])), InferRequest)
        assert isinstance(read(model, tensor("INT64", [1, 2, 3.5], [1, 3])), Problem)
    assert model.forms == {}
