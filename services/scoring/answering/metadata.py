"""What the protocol tells about server and models."""

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from pydantic_core import to_json

from services.scoring.model.table import Table
from services.scoring.model.version import Version
from services.scoring.protocol.answers import Answer
from shared.ports.models.inference import TensorSpec

LIVE = Answer(200, b'{"live":true}')
EXTENSIONS = ("binary_tensor_data", "arrow_stream")


def server_metadata() -> Answer:
    return _answer({"name": "sluice", "version": _product_version(), "extensions": EXTENSIONS})


def _product_version() -> str:
    try:
        return version("sluice")
    except PackageNotFoundError:  # a deployed app is a folder, not a distribution
        return "0"


def model_metadata(found: Version, table: Table) -> Answer:
    """`parameters` of a model name the package's digest and its monitored output."""
    return _answer(
        {
            "name": found.name,
            "versions": table.numbers(found.name),
            "platform": "onnx_onnxv1",
            "inputs": [_tensor(spec) for spec in found.session.inputs],
            "outputs": [_tensor(spec) for spec in found.session.outputs],
            "parameters": {"digest": found.package.digest, "prediction": found.signature.prediction},
        }
    )


def readiness(ready: bool, **names: str) -> Answer:
    """200 or 503; the body says the same for those who look."""
    return Answer(200 if ready else 503, to_json({**names, "ready": ready}))


def _tensor(spec: TensorSpec) -> dict[str, Any]:
    return {"name": spec.name, "datatype": spec.datatype, "shape": list(spec.shape)}


def _answer(body: dict[str, Any]) -> Answer:
    return Answer(200, to_json(body))
