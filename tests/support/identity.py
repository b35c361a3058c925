"""A model that answers what it was given: what goes into it from a file is then what comes out."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

import onnx
from onnx import TensorProto, helper

from services.scoring.model.loading import PackageLoader
from services.scoring.model.version import Version
from shared.adapters.memory import MemoryModelPackages
from shared.adapters.onnx import OnnxRuntime
from tests.support.onnx_models import package_files, package_ref, parquet, saved

_KINDS = {
    "BOOL": TensorProto.BOOL, "INT8": TensorProto.INT8, "INT16": TensorProto.INT16, "INT32": TensorProto.INT32,
    "INT64": TensorProto.INT64, "UINT8": TensorProto.UINT8, "UINT16": TensorProto.UINT16, "UINT32": TensorProto.UINT32,
    "UINT64": TensorProto.UINT64, "FP16": TensorProto.FLOAT16, "FP32": TensorProto.FLOAT, "FP64": TensorProto.DOUBLE,
    "BYTES": TensorProto.STRING,
}  # fmt: skip


def tensor(name: str, datatype: str, shape: Sequence[int] = (-1, 1), **more: Any) -> dict[str, Any]:
    """An input as `signature.json` has it."""
    kind = "text" if datatype == "BYTES" else "numeric"
    return {"name": name, "datatype": datatype, "shape": list(shape), "kind": kind, **more}


def identity_files(
    inputs: Sequence[dict[str, Any]], golden: Mapping[str, Any], declared: Sequence[int] | None = None
) -> dict[str, bytes]:
    """Of a package whose outputs are its inputs, each called `<input>_out`; `golden` is one row.

    `declared` is the shape that outputs are said to have, by default that of their inputs.
    """
    is_image = len(inputs[0]["shape"]) > 3
    outputs = [
        {"name": f"{each['name']}_out", "datatype": each["datatype"], "shape": declared or each["shape"]}
        for each in inputs
    ]
    outputs[0]["role"] = "mask" if is_image else "score"
    task = "image_segmentation" if is_image else "regression"
    signature = {"format": 2, "task": task, "inputs": inputs, "outputs": outputs, "labels": ["truth"]}
    answers = {f"{each['name']}_out": _golden(each, golden) for each in inputs}
    table = parquet([{**golden, **answers}])
    files = package_files(signature__json=json.dumps(signature).encode(), golden__parquet=table)
    return {**files, "model.onnx": saved(_graph(inputs, declared))}


def _golden(spec: Mapping[str, Any], golden: Mapping[str, Any]) -> Any:
    features = spec.get("features")
    return [golden[each["name"]] for each in features] if features else golden[spec["name"]]


def _graph(inputs: Sequence[dict[str, Any]], declared: Sequence[int] | None) -> onnx.GraphProto:
    def value(name: str, spec: Mapping[str, Any], shape: Sequence[int] | None = None) -> onnx.ValueInfoProto:
        sizes = [f"axis{place}" if size == -1 else size for place, size in enumerate(shape or spec["shape"])]
        return helper.make_tensor_value_info(name, _KINDS[spec["datatype"]], sizes)

    nodes = [helper.make_node("Identity", [each["name"]], [f"{each['name']}_out"]) for each in inputs]
    given = [value(each["name"], each) for each in inputs]
    answered = [value(f"{each['name']}_out", each, declared) for each in inputs]
    return helper.make_graph(nodes, "same", given, answered)


async def loaded(files: dict[str, bytes]) -> Version:
    """As it would serve."""
    package, packages = package_ref(files), MemoryModelPackages()
    await packages.adopt(package.digest, files)
    return await PackageLoader(packages, OnnxRuntime(threads=1)).load(package)


def identity(*inputs: dict[str, Any], **golden: Any) -> Version:
    return asyncio.run(loaded(identity_files(inputs, golden)))
