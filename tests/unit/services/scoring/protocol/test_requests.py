"""What comes in as JSON: right rows are scored, wrong ones are told what was expected and what was found."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.onnx_models import expected_probability, sample_rows, tensors
from tests.support.scoring import Bench, output, problem, wide_bench

# pytest forgets the filter that the module under test has set for itself.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered in cast")


def changed(name: str, /, **fields: Any) -> dict[str, Any]:
    """One row as a request, with these fields of one tensor exchanged."""
    request = tensors(sample_rows(1))
    next(each for each in request["inputs"] if each["name"] == name).update(fields)
    return request


async def test_a_wide_tensor_is_taken_flat_or_nested_and_only_in_its_shape() -> None:
    bench = await wide_bench(3)
    flat = {"name": "X", "datatype": "FP32", "shape": [2, 3], "data": [1, 2, 3, 4, 5, 6.0]}
    assert output(await bench.ask({"inputs": [flat]})) == [2.0, 5.0]
    assert output(await bench.ask({"inputs": [{**flat, "data": [[1, 2, 3], [4, 5, 6]]}]})) == [2.0, 5.0]
    assert output(await bench.ask({"rows": [{"X": [1, 2, 3]}]})) == [2.0]
    for wrong in ({"shape": [3, 2]}, {"shape": [2, 4]}, {"shape": [2]}, {"data": [1, 2, 3]}, {"data": [[1], [2]]},
                  {"shape": [2.5, 3]}, {"data": [[1, 2, 3], [4, 5, "6"]]}, {"data": [1e39] * 6}):  # fmt: skip
        answer = await bench.ask({"inputs": [flat | wrong]})
        assert answer.status == 400, wrong
        assert problem(answer).startswith("X: ")


async def test_rows_are_scored_as_the_model_says(bench: Bench) -> None:
    rows = sample_rows(20)
    found = output(await bench.ask(tensors(rows)))
    assert found == pytest.approx([expected_probability(row) for row in rows], rel=1e-4)


async def test_plain_rows_get_the_same_answer_as_tensors(bench: Bench) -> None:
    rows = sample_rows(20)
    backwards = [dict(reversed(row.items())) for row in rows]
    assert output(await bench.ask({"rows": backwards})) == output(await bench.ask(tensors(rows)))


async def test_values_may_be_nested_as_their_shape_is(bench: Bench) -> None:
    rows = sample_rows(3)
    request = tensors(rows)
    for tensor in request["inputs"]:
        tensor["shape"], tensor["data"] = [3, 1], [[value] for value in tensor["data"]]
    assert output(await bench.ask(request)) == output(await bench.ask(tensors(rows)))


async def test_the_answer_repeats_the_request_id_and_names_the_version(bench: Bench) -> None:
    answer = await bench.ask({**tensors(sample_rows(1)), "id": 'a "quoted" id'})
    assert b'"id":"a \\"quoted\\" id"' in answer.body
    assert dict(answer.headers)["sluice-model-version"] == "1"
    assert len(dict(answer.headers)["sluice-model-digest"]) == 64


async def test_only_the_outputs_asked_for_are_answered(bench: Bench) -> None:
    answer = await bench.ask({**tensors(sample_rows(1)), "outputs": [{"name": "label"}]})
    assert b"probability" not in answer.body
    assert len(output(answer, "label")) == 1


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (b"{", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[]", "object"),
        (b"[" * 100_000, "not JSON"),
        ({}, "inputs: a non-empty array"),
        ({"inputs": [7]}, "object with a name"),
        ({"inputs": [{"name": ["x"]}]}, "object with a name"),
        ({"inputs": tensors(sample_rows(1))["inputs"][1:]}, "distance is missing; expected shape [-1, 1]"),
        (
            {"inputs": [*tensors(sample_rows(1))["inputs"], {"name": "colour"}]},
            "'colour' is not an input of this model",
        ),
        ({"inputs": tensors(sample_rows(1))["inputs"] * 2}, "two tensors have the same name"),
        (
            changed("month", datatype="FP32"),
            "month: expected shape [1, 1], datatype INT64; found shape [1], datatype 'FP32'",
        ),
        (changed("delay", shape=[2]), "delay: expected shape [1, 1], datatype FP32; found shape [2]"),
        (changed("distance", shape=[-1]), "distance: expected shape"),
        (changed("distance", shape=[0]), "delay: expected shape [0, 1]"),
        (changed("distance", shape=["1"]), "distance: expected shape"),
        (changed("delay", shape=[1, 1, 1]), "delay: expected shape"),
        (changed("distance", data=["7"]), "distance: expected values of datatype FP32, found text"),
        (changed("distance", data=[True]), "distance: expected values of datatype FP32, found boolean"),
        (changed("distance", data=[None]), "distance: expected values of datatype FP32, found null"),
        (changed("distance", data=[[[1.0]]]), "distance: expected values of datatype FP32, found array"),
        (changed("distance", data=[]), "distance: 0 values for shape [1]"),
        (changed("distance", data={}), "distance: data: an array of 1 values is required"),
        (changed("distance", data=[1e39]), "distance: a value is infinite, or outside of the range of datatype FP32"),
        (changed("month", data=[1.5]), "month: expected values of datatype INT64, found number"),
        (changed("month", data=[2**63]), "month: a value is outside of the range of datatype INT64"),
        (changed("carrier", data=[7]), "carrier: expected values of datatype BYTES, found integer"),
        ({**tensors(sample_rows(1)), "outputs": [{"name": "colour"}]}, "'colour' is not an output"),
        ({**tensors(sample_rows(1)), "outputs": 7}, "outputs: an array is required"),
        ({**tensors(sample_rows(1)), "id": 7}, "id: a text"),
        ({**tensors(sample_rows(1)), "parameters": []}, "parameters: an object is required"),
        ({**tensors(sample_rows(1)), "parameters": {"keys": ["a", "b"]}}, "parameters.keys: 2 keys for 1 rows"),
        ({**tensors(sample_rows(1)), "parameters": {"observed_at": "soon"}}, "parameters.observed_at: an ISO 8601"),
        ({"rows": [{"distance": 1}]}, "rows[0]: delay is missing"),
        ({"rows": [{**sample_rows(1)[0], "colour": 1}]}, "rows[0]: 'colour' is not an input"),
        ({"rows": [7]}, "rows[0]: an object is required"),
    ],
)  # fmt: skip
async def test_a_wrong_request_is_told_what_is_wrong(bench: Bench, request_: Any, words: str) -> None:
    answer = await bench.ask(request_)
    assert answer.status == 400
    assert words in problem(answer)


async def test_a_missing_value_is_taken_where_the_signature_says_nullable(bench: Bench) -> None:
    missing = {**sample_rows(1)[0], "delay": None, "carrier": None}
    found = output(await bench.ask({"rows": [missing]}))
    assert found == pytest.approx([expected_probability(missing)], rel=1e-4)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(["distance", "delay", "carrier", "month"]), field=st.text(max_size=3), value=json_values,
       known=st.sampled_from(["data", "shape", "datatype", "name", "parameters"]))  # fmt: skip
async def test_nothing_that_a_client_sends_is_a_server_error(
    bench: Bench, name: str, field: str, value: Any, known: str
) -> None:
    for request in (changed(name, **{known: value}), {**tensors(sample_rows(1)), field: value}, value):
        assert (await bench.ask(request)).status in (200, 400, 413)
    wide = await wide_bench(3)
    flat = {"name": "X", "datatype": "FP32", "shape": [1, 3], "data": [1, 2, 3], known: value}
    assert (await wide.ask({"inputs": [flat]})).status in (200, 400, 413)


async def test_plain_rows_of_a_model_that_leaves_sizes_free_have_those_of_their_first() -> None:
    bench = await wide_bench(3, is_free=True)
    assert output(await bench.ask({"rows": [{"X": [1.0, 3.0]}, {"X": [2.0, 4.0]}]})) == [2.0, 3.0]
    uneven = await bench.ask({"rows": [{"X": [1.0, 3.0]}, {"X": [2.0]}]})
    assert problem(uneven) == "X: 3 values for shape [2, 2]"
    assert problem(await bench.ask({"rows": [{"X": []}]})).startswith("X: expected shape [1, -1]")
