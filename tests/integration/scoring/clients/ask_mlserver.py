"""`ask_mlserver.py URL < rows`: MLServer's types and codecs, unchanged, and its `mlserver infer`."""

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import Request, urlopen

import numpy as np
import pandas as pd
from mlserver.codecs import NumpyCodec, PandasCodec
from mlserver.types import InferenceRequest, InferenceResponse, MetadataModelResponse, MetadataServerResponse

NUMPY = {"FP32": np.float32, "INT64": np.int64, "BYTES": object}


def asked(url: str, body: str | None = None) -> bytes:
    request = Request(url, body.encode() if body else None, {"content-type": "application/json"})  # noqa: S310 - the test's own
    with urlopen(request, timeout=120) as response:  # noqa: S310
        found: bytes = response.read()
    return found


def asked_with(url: str, body: str) -> list[Any]:
    answer = InferenceResponse.model_validate_json(asked(f"{url}/v2/models/flights/infer", body))
    return [answer.id, answer.model_version, values(answer)]


def values(answer: Any) -> list[float]:
    output = {each.name: each for each in answer.outputs}["probability"]
    found: list[float] = NumpyCodec.decode_output(output).ravel().tolist()
    return found


def by_command(url: str, request: Any) -> Any:
    """What `mlserver infer` writes for a file of one request."""
    with TemporaryDirectory() as folder:
        given, written = Path(folder) / "in.jsonl", Path(folder) / "out.jsonl"
        given.write_text(request.model_dump_json(exclude_none=True) + "\n")
        command = [str(Path(sys.executable).with_name("mlserver")), "infer", "-u", url.removeprefix("http://")]
        command += ["-m", "flights", "-i", str(given), "-o", str(written), "-w", "1"]
        subprocess.run(command, check=True, capture_output=True)
        return InferenceResponse.model_validate_json(written.read_text())


def main(url: str, columns: dict[str, Any]) -> dict[str, Any]:
    frame = pd.DataFrame({name: pd.Series(each, dtype=NUMPY[datatype]) for name, (datatype, each) in columns.items()})
    request = PandasCodec.encode_request(frame)
    request.id = "7"
    assert isinstance(request, InferenceRequest)
    server = MetadataServerResponse.model_validate_json(asked(f"{url}/v2"))
    model = MetadataModelResponse.model_validate_json(asked(f"{url}/v2/models/flights"))
    # FP64 and INT64, as pandas makes them by itself; texts as objects, for MLServer does not know pandas 3's own.
    ordinary = pd.DataFrame(
        {name: pd.Series(each, dtype=object if kind == "BYTES" else None) for name, (kind, each) in columns.items()}
    )
    as_it_is = PandasCodec.encode_request(ordinary)
    by_column = [NumpyCodec.encode_input(name, ordinary[[name]].to_numpy()) for name in ordinary]
    arrays = InferenceRequest(inputs=by_column)
    return {
        "ordinary": asked_with(url, as_it_is.model_copy(update={"id": "7"}).model_dump_json()),
        "every field": asked_with(url, as_it_is.model_dump_json(exclude_unset=False, exclude_none=False)),
        "arrays": asked_with(url, arrays.model_dump_json()),
        "no rows": asked_with(url, PandasCodec.encode_request(frame.head(0)).model_dump_json()),
        "server": server.name,
        "inputs": [each.name for each in model.inputs or ()],
        "types": asked_with(url, request.model_dump_json()),
        "command": values(by_command(url, request)),
    }


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], json.load(sys.stdin))))
