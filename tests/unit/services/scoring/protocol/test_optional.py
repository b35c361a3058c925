"""What may be left out may be null, as it is when a client writes all fields of its own classes."""

import asyncio
import json
from typing import Any

import pytest
from pydantic_core import to_json

from services.scoring import ARROW_STREAM
from tests.support.arrow_streams import batch_of, stream_of, table_of
from tests.support.onnx_models import sample_rows, tensors
from tests.support.scoring import Bench, output, problem, wide_bench

ROWS = sample_rows(2)
NOTHING: dict[str, Any] = {
    "keys": None, "observed_at": None, "binary_data_output": None, "content_type": None,
}  # fmt: skip


@pytest.mark.parametrize(
    "fields",
    [
        {"id": None}, {"parameters": None}, {"outputs": None}, {"rows": None},
        {"id": None, "parameters": NOTHING, "outputs": None, "rows": None},
        {"outputs": [{"name": "label", "parameters": None}, {"name": "probability", "parameters": {"binary_data": None},
                      "datatype": None, "shape": None}]},
    ],
)  # fmt: skip
async def test_null_is_absence(bench: Bench, fields: dict[str, Any]) -> None:
    request = tensors(ROWS)
    inputs = [{**tensor, "parameters": None} for tensor in request["inputs"]]
    assert output(await bench.ask({"inputs": inputs, **fields})) == output(await bench.ask(request))
    if "outputs" not in fields:
        assert (await bench.ask({"inputs": inputs, **fields})).body == (await bench.ask(request)).body


async def test_null_in_the_place_of_tensors_leaves_the_rows(bench: Bench) -> None:
    assert output(await bench.ask({"inputs": None, "rows": ROWS})) == output(await bench.ask({"rows": ROWS}))
    answer = await bench.ask({"inputs": None, "rows": None})
    assert (answer.status, problem(answer)) == (400, "inputs: a non-empty array of tensors is required")
    wide = await wide_bench(3)
    for _ in range(2):
        assert output(await wide.ask({"inputs": None, "rows": [{"X": [1, 2, 3]}]})) == [2.0]


async def test_a_null_wish_for_bytes_is_none_and_the_request_s_wish_stands(bench: Bench) -> None:
    wanted = {"outputs": [{"name": "probability", "parameters": {"binary_data": None}}]}
    answer = await bench.ask({**tensors(ROWS), **wanted, "parameters": {"binary_data_output": True}})
    assert dict(answer.headers)["content-type"] == "application/octet-stream"


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity"])
async def test_a_literal_that_is_no_json_names_its_tensor_and_says_what_to_send(bench: Bench, literal: str) -> None:
    """Python's json writes them, and tritonclient with `binary_data=False`."""
    policy = "no such thing is in JSON; send null for a missing value, and no infinity"
    request = tensors([{**row, "delay": float(literal)} for row in ROWS])
    answer = await bench.ask(json.dumps(request).encode())
    assert (answer.status, problem(answer)) == (400, f"delay: {literal}: {policy}")
    answer = await bench.ask(json.dumps({"rows": [ROWS[0], {**ROWS[1], "delay": [[float(literal)]]}]}).encode())
    assert (answer.status, problem(answer)) == (400, f"rows[1]: delay: {literal}: {policy}")
    answer = await bench.ask(b'{"inputs": [], "parameters": {"keys": [' + literal.encode() + b"]}}")
    assert (answer.status, problem(answer)) == (400, f"body: NaN or Infinity: {policy}")


@pytest.mark.parametrize("body", [b'{"inputs": [NaN}', b'{"id": "a", NaN', b'"NaN', b"[" * 99_999 + b"NaN", b"[ NaNa"])
async def test_what_is_broken_besides_is_told_as_such(bench: Bench, body: bytes) -> None:
    answer = await bench.ask(body)
    assert (answer.status, problem(answer)[:14]) == (400, "body: not JSON")


async def test_no_rows_are_answered_with_none_and_no_model_is_asked(bench: Bench) -> None:
    request = tensors([])
    asked: dict[str, Any]
    for asked in (request, {"rows": []}, {**request, "id": "a", "parameters": {"keys": [], "observed_at": []}}):
        answer = await bench.ask(asked)
        assert (answer.status, output(answer), output(answer, "label")) == (200, [], [])
        assert b'"name":"probability","datatype":"FP32","shape":[0],"data":[]' in answer.body
    as_bytes = await bench.ask({**request, "parameters": {"binary_data_output": True}})
    assert b'"shape":[0],"parameters":{"binary_data_size":0}' in as_bytes.body
    table = table_of(await bench.ask(stream_of(batch_of([])), header_length=ARROW_STREAM))
    assert (table.num_rows, table.column_names) == (0, ["label", "probability"])
    statistics = bench.scorer.table.versions[0].statistics
    assert (statistics.requests, statistics.rows, statistics.errors) == (5, 0, {})
    assert bench.capture.waiting_rows == 0


async def test_no_rows_beside_others_in_one_turn_spoil_nothing(bench: Bench) -> None:
    answers = await asyncio.gather(*(bench.ask(tensors(sample_rows(count))) for count in (2, 0, 3)))
    assert [len(output(answer)) for answer in answers] == [2, 0, 3]


@pytest.mark.parametrize("shape", [[0, 3], [0, 0]])
async def test_no_rows_of_a_wide_tensor(shape: list[int]) -> None:
    bench = await wide_bench(3, is_free=not all(shape[1:]))
    for _ in range(2):
        tensor = {"name": "X", "datatype": "FP32", "shape": shape, "data": []}
        assert output(await bench.ask({"inputs": [tensor]})) == []
        assert output(await bench.ask({"rows": []})) == []
        assert output(await bench.ask({"inputs": [{**tensor, "data": None}]})) == []
        sized = {**tensor, "parameters": {"binary_data_size": 0}}
        del sized["data"]
        head = to_json({"inputs": [sized]})
        assert output(await bench.ask(head, header_length=len(head))) == []


@pytest.mark.parametrize("wrong", [{"shape": [0], "data": [1.0]}, {"datatype": "BYTES"}, {"shape": [0, 2]}])
async def test_no_rows_of_a_wrong_tensor_are_refused_all_the_same(bench: Bench, wrong: dict[str, Any]) -> None:
    request = tensors([])
    request["inputs"][0].update(wrong)
    assert (await bench.ask(request)).status == 400
