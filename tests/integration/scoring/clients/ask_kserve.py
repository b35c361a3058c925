"""`ask_kserve.py URL < rows`: KServe's own client, unchanged. Runs in its environment; prints what it understood."""

import asyncio
import json
import sys
from typing import Any

import numpy as np
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig
from kserve.protocol.infer_type import RequestedOutput

NUMPY = {"FP32": np.float32, "INT64": np.int64, "BYTES": np.object_}
ORDINARY = {**NUMPY, "FP32": np.float64}
SENT = {np.float32: "FP32", np.float64: "FP64", np.int64: "INT64", np.object_: "BYTES"}


def request(columns: dict[str, Any], binary: bool, dtypes: dict[str, Any]) -> Any:
    inputs = []
    for name, (datatype, values) in columns.items():
        array: np.ndarray = np.array(values, dtypes[datatype]).reshape(-1, 1)
        tensor = InferInput(name, list(array.shape), SENT[dtypes[datatype]])
        tensor.set_data_from_numpy(array, binary_data=binary)
        inputs.append(tensor)
    wanted = [RequestedOutput("probability", parameters={"binary_data": binary})]
    return InferRequest("flights", inputs, request_id="7", request_outputs=wanted)


async def main(url: str, columns: dict[str, Any]) -> dict[str, Any]:
    client = InferenceRESTClient(RESTConfig(protocol="v2"))
    found: dict[str, Any] = {
        "live": await client.is_server_live(url),
        "ready": await client.is_server_ready(url),
        "model ready": await client.is_model_ready(url, "flights"),
        "other ready": await client.is_model_ready(url, "birds"),
    }
    nothing: dict[str, Any] = {name: (datatype, []) for name, (datatype, _) in columns.items()}
    cases = [("binary", columns, NUMPY), ("ordinary", columns, ORDINARY), ("no rows", nothing, NUMPY)]
    for binary in (False, True):
        for case, rows, dtypes in cases:
            answer = await client.infer(url, request(rows, binary, dtypes), model_name="flights")
            output = {each.name: each for each in answer.outputs}["probability"]
            values = output.as_numpy().ravel().tolist() if output.shape[0] else []
            found[f"{case} {binary}"] = [answer.id, values]
    await client.close()
    return found


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(sys.argv[1], json.load(sys.stdin)))))
