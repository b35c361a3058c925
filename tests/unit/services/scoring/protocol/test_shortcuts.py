"""Ways around the general reader: known forms and long lists of numbers mean what the general reader says they mean."""

import asyncio
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from services.scoring.protocol import InferRequest, decode, request
from services.scoring.protocol.answers import Problem
from services.scoring.protocol.layout import Layout, layout_of
from services.scoring.protocol.numbers import numeric_message
from shared.packages import Signature
from shared.ports.models.inference import TensorSpec
from tests.support.onnx_models import SIGNATURE, sample_rows, tensors
from tests.support.scoring import Bench

# pytest forgets the filter that the modules under test have set for themselves.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered in cast")
_WIDTH = 3


@pytest.fixture
def layout() -> Layout:
    column = {"name": "X", "datatype": "FP32", "kind": "numeric"}
    return layout_of(
        [TensorSpec("X", "FP32", (-1, _WIDTH))], Signature.model_validate({**SIGNATURE, "inputs": [column]})
    )


@pytest.fixture
def general(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The general reader alone."""

    def read(layout: Layout, body: bytes, length: int | None = None) -> InferRequest | Problem:
        with monkeypatch.context() as without:
            without.setattr(request, "numeric_message", lambda body: None)
            without.setattr(request, "from_known_form", lambda layout, body: None)
            without.setattr(request, "from_known_head", lambda layout, body, length: None)
            return decode(layout, body, length, 10_000)

    return read


def same(one: InferRequest | Problem, other: InferRequest | Problem) -> bool:
    if isinstance(one, Problem) or isinstance(other, Problem):
        return one == other
    arrays = zip(one.arrays, other.arrays, strict=True)
    said = [(each.id, each.rows, each.outputs, each.binary, each.keys, each.observed_at) for each in (one, other)]
    return said[0] == said[1] and all(
        left.dtype == right.dtype and left.shape == right.shape and np.array_equal(left, right, equal_nan=True)
        for left, right in arrays
    )


def message(data: Any, rows: int, **more: Any) -> bytes:
    tensor = {"name": "X", "datatype": "FP32", "shape": [rows, _WIDTH], "data": data}
    return json.dumps({"inputs": [tensor], **more}).encode()


_numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**70), 2**70)
_values = _numbers | st.none() | st.booleans() | st.text(max_size=3) | st.lists(_numbers, max_size=3)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(_numbers, min_size=3, max_size=3) | st.lists(_values, max_size=4), min_size=1, max_size=8))
@example([[1, 2, 3], [1, 2, True]])
@example([[1, 2, 3], [1, 2, "su"]])
def test_a_known_form_is_read_as_the_general_reader_reads_it(
    layout: Layout, general: Any, bodies: list[list[Any]]
) -> None:
    decode(layout, message([1.5, 2, 3], 1), None, 10_000)
    assert len(layout.forms) == 1
    for data in bodies:
        assert same(decode(layout, message(data, 1), None, 10_000), general(layout, message(data, 1)))


@pytest.mark.parametrize("ending", ["", "}", "]}", "]}]}x", "]}]}]}]}", ', "data": [1, 2, 3]}]}', ']}], "id": "a"}'])
def test_a_known_beginning_with_another_end_is_not_taken_for_the_form(
    layout: Layout, general: Any, ending: str
) -> None:
    body = message([1.5, 2, 3], 1)
    decode(layout, body, None, 10_000)
    other = body.removesuffix(b"]}]}") + ending.encode()
    assert same(decode(layout, other, None, 10_000), general(layout, other))


def test_a_message_with_an_id_or_two_lists_of_data_is_no_form(layout: Layout) -> None:
    decode(layout, message([1, 2, 3], 1, id="a"), None, 10_000)
    twice = message([1, 2, 3], 1).replace(b"]}]}", b'], "data": [4, 5, 6]}]}')
    decode(layout, twice, None, 10_000)
    assert layout.forms == {}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_numbers, min_size=6, max_size=6), st.integers(0, 599), _values)
@example([0.5] * 6, 7, [])
@example([0.5] * 6, 7, [1.0, 2.0])
@example([0.5] * 6, 7, "[")
@example([0.5] * 6, 7, 1e39)
def test_a_long_list_of_numbers_is_read_as_the_general_reader_reads_it(
    layout: Layout, general: Any, part: list[Any], at: int, odd: Any
) -> None:
    data = part * 100
    for body in (message(data, 200), message([*data[:at], odd, *data[at + 1 :]], 200, parameters={"a": "[b"})):
        assert same(decode(layout, body, None, 10_000), general(layout, body))


def test_long_lists_take_the_short_way_and_nested_ones_do_not() -> None:
    flat = [0.5] * 600
    found = numeric_message(message(flat, 200, id="a", parameters={"keys": ["a"] * 200}))
    assert found is not None
    assert found["inputs"][0]["array"].dtype == np.float32
    assert (found["id"], len(found["parameters"]["keys"])) == ("a", 200)
    assert numeric_message(message([[0.5] * 3] * 200, 200)) is None
    assert numeric_message(message([*flat[:-2], [0.5, 0.5], []], 200)) is None


def as_bytes(numbers: bytes, rows: int, **more: Any) -> tuple[bytes, int]:
    parameters = {"binary_data_size": len(numbers)}
    tensor = {"name": "X", "datatype": "FP32", "shape": [rows, _WIDTH], "parameters": parameters}
    head = json.dumps({"inputs": [tensor], **more}).encode()
    return head + numbers, len(head)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.binary(max_size=40) | st.binary(min_size=12, max_size=12), min_size=1, max_size=6),
    st.fixed_dictionaries(
        {},
        optional={
            "id": st.text(min_size=1, max_size=3),
            "outputs": st.just([{"name": "probability"}]),
            "parameters": st.sampled_from(
                [{"binary_data_output": True}, {"keys": ["a"]}, {"observed_at": "2026-01-01"}]
            ),
        },
    ),
    st.integers(-2, 2),
)
def test_bytes_after_a_known_head_are_read_as_the_general_reader_reads_them(
    layout: Layout, general: Any, tails: list[bytes], more: dict[str, Any], shift: int
) -> None:
    known, length = as_bytes(bytes(12), 1, **more)
    decode(layout, known, length, 10_000)
    for tail in tails:
        body = known[:length] + tail
        assert same(decode(layout, body, length + shift, 10_000), general(layout, body, length + shift))


def test_a_head_is_known_only_if_it_says_nothing_of_its_rows_and_is_followed_by_numbers(layout: Layout) -> None:
    for more in ({"id": "a"}, {"parameters": {"keys": ["a"]}}, {"parameters": {"observed_at": "2026-01-01T00:00:00Z"}}):
        decode(layout, *as_bytes(bytes(12), 1, **more), 10_000)
    assert layout.heads == {}
    decode(layout, *as_bytes(bytes(24), 2), 10_000)
    assert [form.rows for form in layout.heads.values()] == [2]


def test_a_head_of_texts_is_never_known() -> None:
    """Two texts of four letters have as many bytes as the two references that hold them."""
    column = {"name": "X", "datatype": "BYTES", "kind": "categorical"}
    texts = layout_of([TensorSpec("X", "BYTES", (-1,))], Signature.model_validate({**SIGNATURE, "inputs": [column]}))
    tail = b"\4\0\0\0abcd" * 2
    tensor = {"name": "X", "datatype": "BYTES", "shape": [2], "parameters": {"binary_data_size": len(tail)}}
    head = json.dumps({"inputs": [tensor]}).encode()
    found = decode(texts, head + tail, len(head), 10_000)
    assert isinstance(found, InferRequest)
    assert found.arrays[0].tolist() == [["abcd", "abcd"]]
    assert texts.heads == {}


async def test_answers_as_bytes_are_the_same_the_second_time_and_in_the_middle_of_a_batch(bench: Bench) -> None:
    single = {"inputs": tensors(sample_rows(3))["inputs"], "parameters": {"binary_data_output": True}}
    first, *others = await asyncio.gather(*(bench.ask(single) for _ in range(3)))
    assert others == [first, first]
    more = {**single, "inputs": tensors(sample_rows(5))["inputs"]}
    assert await bench.ask(more) == await bench.ask(more) != first
