"""The clients that others wrote for the protocol, unchanged, against the own server: NVIDIA's, KServe's, MLServer's."""

import asyncio
import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tritonclient.http as triton
import tritonclient.http.aio as triton_aio
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

from tests.integration.scoring.clients.environments import python_of
from tests.support.onnx_models import SIGNATURE, expected_probability, sample_rows
from tests.support.scoring_app import ScoringApp

ROWS = [row for row in sample_rows(20) if row["delay"] is not None]
VALUES = [expected_probability(row) for row in ROWS]
EXPECTED = pytest.approx(VALUES, rel=1e-4)
MANY = ROWS * 120  # whose answer is worth packing
EXPECTED_OF_MANY = pytest.approx(VALUES * 120, rel=1e-4)
DTYPES: dict[str, Any] = {"FP32": np.float32, "INT64": np.int64, "BYTES": np.object_}


def triton_inputs(kind: Any, rows: list[dict[str, Any]], binary: bool, dtypes: dict[str, Any]) -> list[Any]:
    inputs = []
    for column in SIGNATURE["inputs"]:
        values: np.ndarray = np.array([[row[column["name"]]] for row in rows], dtypes[column["datatype"]])
        tensor = kind(column["name"], [len(rows), 1], np_to_triton_dtype(values.dtype))
        inputs.append(tensor.set_data_from_numpy(values, binary_data=binary))
    return inputs


@pytest.mark.parametrize("door", ["server"], indirect=True)
@pytest.mark.parametrize("binary", [True, False])
async def test_triton_s_client_asks_and_understands_the_answer(app: ScoringApp, binary: bool) -> None:
    client = triton.InferenceServerClient(app.url.removeprefix("http://"))
    assert client.get_model_repository_index() == [{"name": "flights", "version": "1", "state": "READY"}]
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("flights")
    assert client.get_model_metadata("flights")["inputs"][0]["name"] == "distance"
    inputs = triton_inputs(triton.InferInput, ROWS, binary, DTYPES)
    outputs = [triton.InferRequestedOutput("probability", binary_data=binary)]
    answer = client.infer("flights", inputs, outputs=outputs, request_id="7", model_version="1")
    assert answer.get_response()["id"] == "7"
    assert answer.as_numpy("probability").tolist() == EXPECTED
    # As numpy and the client have it by default: float64, int64, all outputs, as bytes.
    ordinary = triton_inputs(triton.InferInput, ROWS, binary, {**DTYPES, "FP32": np.float64})
    assert client.infer("flights", ordinary).as_numpy("probability").tolist() == EXPECTED
    many = triton_inputs(triton.InferInput, MANY, binary, DTYPES)
    for coding in ("gzip", "deflate"):
        packed = {"request_compression_algorithm": coding, "response_compression_algorithm": coding}
        found = client.infer("flights", many, outputs=outputs, **packed)
        assert found.as_numpy("probability").tolist() == EXPECTED_OF_MANY
    with pytest.raises(InferenceServerException, match="did you mean 'flights'"):
        client.infer("flihgts", inputs)
    client.close()


@pytest.mark.parametrize("door", ["server"], indirect=True)
async def test_triton_s_other_client_asks_and_understands_the_answer(app: ScoringApp) -> None:
    async with triton_aio.InferenceServerClient(app.url.removeprefix("http://")) as client:
        for binary in (True, False):
            outputs = [triton.InferRequestedOutput("probability", binary_data=binary)]
            inputs = triton_inputs(triton.InferInput, MANY, binary, {**DTYPES, "FP32": np.float64})
            for coding in (None, "gzip", "deflate"):
                found = await client.infer(
                    "flights", inputs, outputs=outputs,
                    request_compression_algorithm=coding, response_compression_algorithm=coding,
                )  # fmt: skip
                assert found.as_numpy("probability").tolist() == EXPECTED_OF_MANY


def asked_by(client: str, url: str) -> Any:
    """What this client's script prints, run in the client's environment."""
    columns = {c["name"]: (c["datatype"], [row[c["name"]] for row in ROWS]) for c in SIGNATURE["inputs"]}
    script = Path(__file__).parent / f"clients/ask_{client}.py"
    command = [str(python_of(client)), str(script), url]
    done = subprocess.run(command, input=json.dumps(columns), text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr[-4_000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("door", ["server"], indirect=True)
async def test_kserve_s_client_asks_and_understands_the_answer(app: ScoringApp) -> None:
    found = await asyncio.to_thread(asked_by, "kserve", app.url)
    assert [found[name] for name in ("live", "ready", "model ready", "other ready")] == [True, True, True, False]
    assert found["binary True"] == found["binary False"] == ["7", EXPECTED]
    assert found["ordinary True"] == found["ordinary False"] == ["7", EXPECTED]
    assert found["no rows True"] == found["no rows False"] == ["7", []]


@pytest.mark.parametrize("door", ["server"], indirect=True)
async def test_mlserver_s_types_and_command_understand_the_answer(app: ScoringApp) -> None:
    found = await asyncio.to_thread(asked_by, "mlserver", app.url)
    assert (found["server"], found["inputs"]) == ("sluice", [column["name"] for column in SIGNATURE["inputs"]])
    assert found["types"] == found["ordinary"] == ["7", "1", EXPECTED]
    assert found["every field"] == [None, "1", EXPECTED]
    assert found["arrays"] == [None, "1", EXPECTED]
    assert found["no rows"] == [None, "1", []]
    assert found["command"] == EXPECTED
