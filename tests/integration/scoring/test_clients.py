"""NVIDIA's own client for the protocol, unchanged, against the own server; skipped where it is not installed."""

from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest

from tests.integration.scoring.conftest import MakeApp
from tests.support.onnx_models import SIGNATURE, expected_probability, sample_rows

triton = pytest.importorskip("tritonclient.http", reason="pip install tritonclient[http]")

DTYPES: dict[str, Any] = {"FP32": np.float32, "INT64": np.int64, "BYTES": np.object_}


@pytest.mark.parametrize("door", ["server"], indirect=True)
@pytest.mark.parametrize("binary", [True, False])
async def test_triton_s_client_asks_and_understands_the_answer(
    make_app: MakeApp, session: aiohttp.ClientSession, tmp_path: Path, binary: bool
) -> None:
    app = make_app()
    await app.serve(await app.adopt())
    await app.start()
    await app.serves(session, "1")
    rows = [row for row in sample_rows(20) if row["delay"] is not None]
    client = triton.InferenceServerClient(app.url.removeprefix("http://"))
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("flights")
    assert client.get_model_metadata("flights")["inputs"][0]["name"] == "distance"
    inputs = []
    for column in SIGNATURE["inputs"]:
        values: np.ndarray = np.array([[row[column["name"]]] for row in rows], DTYPES[column["datatype"]])
        tensor = triton.InferInput(column["name"], [len(rows), 1], column["datatype"])
        tensor.set_data_from_numpy(values, binary_data=binary)
        inputs.append(tensor)
    outputs = [triton.InferRequestedOutput("probability", binary_data=binary)]
    answer = client.infer("flights", inputs, outputs=outputs, request_id="7", model_version="1")
    assert answer.get_response()["id"] == "7"
    assert answer.as_numpy("probability").tolist() == pytest.approx(
        [expected_probability(row) for row in rows], rel=1e-4
    )
