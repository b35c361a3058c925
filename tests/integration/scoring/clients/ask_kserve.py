"""`ask_kserve.py URL < rows`: KServe's own client, unchanged. Runs in its environment; prints what it understood."""

import asyncio
import json
import sys
from typing import Any

import numpy as np
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig
from kserve.protocol.infer_type import RequestedOutput

NUMPY = {"FP32": np.float32, "INT64": np.int64, "BYTES": np.object_}


def request(columns: dict[str, Any], binary: bool) -> Any:
    inputs = []
    for name, (datatype, values) in columns.items():
        tensor = InferInput(name, [len(values), 1], datatype)
        array: np.ndarray = np.array(values, NUMPY[datatype]).reshape(-1, 1)
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
    for binary in (False, True):
        answer = await client.infer(url, request(columns, binary), model_name="flights")
        output = {each.name: each for each in answer.outputs}["probability"]
        found[f"binary {binary}"] = [answer.id, output.as_numpy().ravel().tolist()]
    await client.close()
    return found


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(sys.argv[1], json.load(sys.stdin)))))
