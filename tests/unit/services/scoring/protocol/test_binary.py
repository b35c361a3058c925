"""The binary tensor extension says the same as JSON."""

import json
import struct
from typing import Any

import numpy as np
import pytest

from services.scoring import Answer
from tests.support.onnx_models import SIGNATURE, sample_rows, tensors
from tests.support.scoring import Bench, output, problem

DTYPES = {"FP32": "<f4", "INT64": "<i8"}


def packed(rows: list[dict[str, Any]], **parameters: Any) -> tuple[bytes, int]:
    """A request with its tensors as bytes, and the length of its JSON part."""
    inputs, tail = [], b""
    for column in SIGNATURE["inputs"]:
        values = [row[column["name"]] for row in rows]
        body = _texts(values) if column["datatype"] == "BYTES" else np.array(
            values, DTYPES[column["datatype"]]).tobytes()  # fmt: skip
        inputs.append({"name": column["name"], "datatype": column["datatype"], "shape": [len(rows), 1],
                       "parameters": {"binary_data_size": len(body)}})  # fmt: skip
        tail += body
    head = json.dumps({"inputs": inputs, "parameters": parameters}).encode()
    return head + tail, len(head)


def _texts(values: list[str]) -> bytes:
    return b"".join(struct.pack("<I", len(value.encode())) + value.encode() for value in values)


def unpacked(answer: Answer) -> dict[str, np.ndarray]:
    length = int(dict(answer.headers)["inference-header-content-length"])
    at, found = length, {}
    for each in json.loads(answer.body[:length])["outputs"]:
        size = each["parameters"]["binary_data_size"]
        found[each["name"]] = np.frombuffer(answer.body[at : at + size], DTYPES[each["datatype"]])
        at += size
    assert at == len(answer.body)
    return found


async def test_bytes_in_give_the_same_answer_as_json(bench: Bench) -> None:
    rows = sample_rows(10)
    body, length = packed(rows)
    assert output(await bench.ask(body, header_length=length)) == output(await bench.ask(tensors(rows)))


async def test_bytes_out_hold_the_same_values_as_json(bench: Bench) -> None:
    rows = sample_rows(10)
    body, length = packed(rows, binary_data_output=True)
    found = unpacked(await bench.ask(body, header_length=length))
    as_json = await bench.ask(tensors(rows))
    assert found["probability"].tolist() == np.array(output(as_json), np.float32).tolist()
    assert found["label"].tolist() == output(as_json, "label")


async def test_one_output_may_be_bytes_and_another_json(bench: Bench) -> None:
    wishes = [{"name": "label"}, {"name": "probability", "parameters": {"binary_data": True}}]
    answer = await bench.ask({**tensors(sample_rows(2)), "outputs": wishes})
    head = json.loads(answer.body[: int(dict(answer.headers)["inference-header-content-length"])])
    assert head["outputs"][0]["data"] == [1, 1]
    assert head["outputs"][1]["parameters"] == {"binary_data_size": 8}


@pytest.mark.parametrize(
    ("length_change", "cut", "words"),
    [(0, 1, "does not fit"), (10**6, 0, "is not within"), (1, 0, "not JSON"), (-(10**6), 0, "is not within")],
)
async def test_a_wrong_length_is_named(bench: Bench, length_change: int, cut: int, words: str) -> None:
    body, length = packed(sample_rows(2))
    answer = await bench.ask(body[: len(body) - cut], header_length=length + length_change)
    assert answer.status == 400
    assert words in problem(answer)


async def test_bytes_that_no_tensor_claims_are_refused(bench: Bench) -> None:
    body, length = packed(sample_rows(2))
    assert "1 bytes after the last tensor" in problem(await bench.ask(body + b"x", header_length=length))


@pytest.mark.parametrize(
    ("text", "words"),
    [(b"\x05\0\0\0AA", "cut off"), (b"\x02\0\0\0\xff\xfe", "not UTF-8"), (b"\x02\0", "cut off")],
)
async def test_broken_texts_are_refused(bench: Bench, text: bytes, words: str) -> None:
    request = tensors(sample_rows(1))
    carrier = next(each for each in request["inputs"] if each["name"] == "carrier")
    del carrier["data"]
    carrier["parameters"] = {"binary_data_size": len(text)}
    head = json.dumps(request).encode()
    assert words in problem(await bench.ask(head + text, header_length=len(head)))


async def test_infinite_numbers_are_refused_and_missing_ones_only_where_nullable(bench: Bench) -> None:
    row = {**sample_rows(1)[0], "delay": float("nan")}
    body, length = packed([row])
    assert (await bench.ask(body, header_length=length)).status == 200
    for name, value in (("delay", float("inf")), ("distance", float("nan"))):
        body, length = packed([{**row, name: value}])
        answer = await bench.ask(body, header_length=length)
        assert answer.status == 400
        assert problem(answer).startswith(f"{name}: a value is")
