"""A package whose graph or signature cannot be served, made again from its own graph and reference rows."""

import io
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pyarrow.parquet

from function_app.model_builder.building import Built, build
from function_app.model_builder.errors import CannotBuild
from function_app.model_builder.libraries.onnx_file import OnnxFile
from function_app.model_builder.wanted import Tell, Wanted
from shared.packages.signature import PREDICTION
from shared.tasks import TASKS

_KEPT = ("metrics.json", "environment.yml", "trained_until")


def mend(files: Mapping[str, bytes], tell: Tell) -> Built:
    """Figures, environment and time of training stay where they are there. Raises `CannotBuild`."""
    for name in ("model.onnx", "reference.parquet", "signature.json"):
        if name not in files:
            raise CannotBuild(f"{name}: it is missing, and nothing can be made without it")
    said = _said(files["signature.json"])
    try:
        rows = pyarrow.parquet.read_table(io.BytesIO(files["reference.parquet"])).replace_schema_metadata(None)
    except (OSError, pyarrow.ArrowException) as error:
        raise CannotBuild(f"reference.parquet: it cannot be read ({str(error)[:200]})") from error
    known = [name for name in rows.column_names if name != PREDICTION]
    wanted = _wanted(said, known)
    built = build(OnnxFile(files["model.onnx"]), rows.select(known), wanted, tell, datetime.now(UTC))
    kept = {name: files[name] for name in _KEPT if files.get(name)}
    return replace(built, files={**built.files, **kept})


def _said(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError as error:
        raise CannotBuild(f"signature.json: it is not JSON ({str(error)[:200]})") from error
    if not isinstance(found, dict):
        raise CannotBuild("signature.json: a JSON object is expected")
    return found


def _wanted(said: Mapping[str, Any], columns: list[str]) -> Wanted:
    """What the signature says and the rows bear out; inputs, outputs and roles are chosen anew."""
    labels = said.get("labels") or [said.get("label")]
    for label in labels:
        if label not in columns:
            raise CannotBuild(f"signature.json, labels: {label!r} is no column of reference.parquet: say which it is")
    task = str(said.get("task", ""))
    inputs = {str(each.get("name")) for each in said.get("inputs") or ()}
    groups = tuple(each for each in said.get("groups") or () if each in columns)
    return Wanted(
        labels=tuple(labels),
        task=task if task in TASKS and task != "binary_classification" else "",
        groups=groups,
        ignore=tuple(each for each in groups if each not in inputs),
        positive=str(said["positive"]) if said.get("positive") is not None else "",
        quantiles=tuple(next((each["quantiles"] for each in said.get("outputs") or () if each.get("quantiles")), ())),
    )
