"""The OpenAPI document of what is served now: the protocol's paths, and each model's own inputs and outputs."""

from typing import Any

import orjson

from services.scoring.model.table import Table
from services.scoring.model.version import Version
from services.scoring.protocol import ARROW_TYPE
from services.scoring.protocol.answers import Answer
from services.scoring.protocol.matrices import asked_for
from shared.ports.models.inference import TensorSpec

_TEXT = {"type": "string"}
_ERROR = {"type": "object", "required": ["error"], "properties": {"error": _TEXT}}
_READY = {"type": "object", "required": ["ready"], "properties": {"ready": {"type": "boolean"}, "name": _TEXT}}
_LIVE = {"type": "object", "required": ["live"], "properties": {"live": {"const": True}}}
_REFUSALS = {
    "400": "The request is wrong; the message names tensor, shape and datatype",
    "404": "No such model or version",
    "413": "Too many bytes or rows",
    "429": "Too many rows are waiting; Retry-After says when to come again",
    "503": "The model is not loaded",
}


def openapi(table: Table) -> Answer:
    paths: dict[str, Any] = {
        "/v2": _look("Server metadata", {"type": "object", "required": ["name", "version", "extensions"]}),
        "/v2/models": _look("The models that are loaded", {"type": "object", "required": ["models"]}),
        "/v2/health/live": _look("Whether the process lives", _LIVE),
        "/v2/health/ready": _look(
            "Whether every manifest was read, and what it routes to is loaded or refused", _READY, "503"
        ),
    }
    for version in table.versions:
        for path in (f"/v2/models/{version.name}", f"/v2/models/{version.name}/versions/{version.number}"):
            paths[path] = _look("Model metadata", {"type": "object", "required": ["name", "inputs", "outputs"]}, "404")
            paths[f"{path}/ready"] = _look("Whether the model is loaded", _READY, "404")
            paths[f"{path}/infer"] = _infer(version)
    info = {"title": "Sluice scoring: Open Inference Protocol v2", "version": str(table.generation)}
    return Answer(200, orjson.dumps({"openapi": "3.1.0", "info": info, "paths": paths}))


def _look(summary: str, schema: dict[str, Any], *errors: str) -> dict[str, Any]:
    bad = {code: _json(_REFUSALS[code], _READY if code == "503" else _ERROR) for code in errors}
    return {"get": {"summary": summary, "responses": {"200": _json("As it is now", schema), **bad}}}


def _infer(version: Version) -> dict[str, Any]:
    outputs = version.session.outputs
    answer = {
        "type": "object",
        "required": ["model_name", "model_version", "outputs"],
        "properties": {
            "id": _TEXT,
            "outputs": {"type": "array", "items": {"anyOf": [_tensor(each) for each in outputs]}},
        },
    }
    bodies: dict[str, Any] = {"application/json": {"schema": {"oneOf": [_tensors(version), _rows(version)]}}}
    for kind in ("application/octet-stream", ARROW_TYPE):
        bodies[kind] = {"schema": {"type": "string", "format": "binary"}}
    refusals = {code: _json(words, _ERROR) for code, words in _REFUSALS.items()}
    return {
        "post": {
            "summary": f"Score rows with {version.name}",
            "requestBody": {"required": True, "content": bodies},
            "responses": {"200": _json("One value for each row and output", answer), **refusals},
        }
    }


def _by_feature(version: Version) -> list[TensorSpec]:
    return list(asked_for(version.layout, ()).values())


def _tensors(version: Version) -> dict[str, Any]:
    """A matrix as a whole, or its features."""
    inputs, features = version.session.inputs, _by_feature(version)
    known = {spec.name: spec for spec in (*inputs, *features)}.values()
    counts = {"minItems": min(len(inputs), len(features)), "maxItems": max(len(inputs), len(features))}
    items = {"type": "array", **counts, "items": {"anyOf": [_tensor(each) for each in known]}}
    return {"type": "object", "required": ["inputs"], "properties": {"id": _TEXT, "inputs": items}}


def _rows(version: Version) -> dict[str, Any]:
    spellings = dict.fromkeys(
        tuple(spec.name for spec in inputs) for inputs in (version.session.inputs, _by_feature(version))
    )
    spelt: list[dict[str, Any]] = [
        {
            "type": "object",
            "required": names,
            "properties": {name: {} for name in names},
            "additionalProperties": False,
        }
        for names in spellings
    ]
    row = spelt[0] if len(spelt) == 1 else {"anyOf": spelt}
    rows = {"type": "array", "items": row}
    return {"type": "object", "required": ["rows"], "properties": {"rows": rows}}


def _tensor(spec: TensorSpec) -> dict[str, Any]:
    """Shapes and values in full are told by the errors; here: what it is called, and of what kind."""
    return {
        "type": "object",
        "required": ["name", "datatype", "shape"],
        "properties": {
            "name": {"const": spec.name},
            "datatype": {"const": spec.datatype},
            "shape": {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 1},
            "data": {"type": "array"},
        },
    }


def _json(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}
