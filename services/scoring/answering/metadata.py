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
    """`parameters` name the package's digest, its task, its watched output, and the classes in the order of
    probabilities; those of a tensor its features, its meaning, targets and quantiles.
    """
    signature = found.signature
    said: dict[str, Any] = {"digest": found.package.digest, "prediction": signature.prediction, "task": signature.task}
    if signature.classes is not None:
        said |= {"classes": signature.classes, "positive": signature.positive}
    return _answer(
        {
            "name": found.name,
            "versions": table.numbers(found.name),
            "platform": "onnx_onnxv1",
            "inputs": [_tensor(spec, _of_input(found, spec)) for spec in found.session.inputs],
            "outputs": [_tensor(spec, _of_output(found, spec)) for spec in found.session.outputs],
            "parameters": {name: value for name, value in said.items() if value is not None},
        }
    )


def readiness(ready: bool, **names: str) -> Answer:
    """200 or 503; the body says the same for those who look."""
    return Answer(200 if ready else 503, to_json({**names, "ready": ready}))


def _tensor(spec: TensorSpec, said: dict[str, Any]) -> dict[str, Any]:
    parameters = {name: value for name, value in said.items() if value is not None}
    about = {"name": spec.name, "datatype": spec.datatype, "shape": list(spec.shape)}
    return about | ({"parameters": parameters} if parameters else {})


def _of_input(found: Version, spec: TensorSpec) -> dict[str, Any]:
    matrix = found.layout.matrices.get(spec.name)
    return {"features": [each.name for each in matrix.specs] if matrix else None}


def _of_output(found: Version, spec: TensorSpec) -> dict[str, Any]:
    output = next(each for each in found.signature.outputs if each.name == spec.name)
    return {"role": output.role, "targets": output.targets, "quantiles": output.quantiles}


def _answer(body: dict[str, Any]) -> Answer:
    return Answer(200, to_json(body))
