"""JSON, binary tensors and Arrow say the same, and all of them what the model itself answers when it is run directly.

Models of every datatype, of shapes from one value to a row of unknown length; columns in any order; several requests
in one turn, so that batching is in between.
"""

import asyncio
import json
import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import onnx
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from onnx import TensorProto, helper
from pydantic_core import from_json

from services.scoring import ARROW_STREAM, Answer, Scorer
from services.scoring.capture.buffer import CaptureBuffer
from services.scoring.model.golden import GoldenRows
from services.scoring.model.statistics import VersionStatistics
from services.scoring.model.table import Table
from services.scoring.model.version import Version
from services.scoring.protocol.layout import DTYPES
from shared.adapters.memory import ManualClock
from shared.adapters.onnx import OnnxRuntime
from shared.packages import Signature
from shared.ports.models.inference import Array, InferenceSession, TensorDatatype, TensorSpec
from tests.support.arrow_streams import stream_of
from tests.support.onnx_models import package_files, package_ref, saved

TYPES: dict[TensorDatatype, int] = {
    "BOOL": TensorProto.BOOL, "INT8": TensorProto.INT8, "INT16": TensorProto.INT16, "INT32": TensorProto.INT32,
    "INT64": TensorProto.INT64, "UINT8": TensorProto.UINT8, "UINT16": TensorProto.UINT16, "UINT32": TensorProto.UINT32,
    "UINT64": TensorProto.UINT64, "FP16": TensorProto.FLOAT16, "FP32": TensorProto.FLOAT, "FP64": TensorProto.DOUBLE,
    "BYTES": TensorProto.STRING,
}  # fmt: skip
SHAPES: tuple[tuple[int, ...], ...] = ((), (1,), (3,), (2, 2), (-1,))
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered in cast")


def echo_model(specs: list[TensorSpec]) -> bytes:
    """Each input comes out again, so that nothing but its passage is tested."""

    def value(name: str, spec: TensorSpec) -> onnx.ValueInfoProto:
        shape = ["N", *(size if size > 0 else f"{spec.name}{index}" for index, size in enumerate(spec.shape[1:]))]
        return helper.make_tensor_value_info(name, TYPES[spec.datatype], shape)

    nodes = [helper.make_node("Identity", [spec.name], [f"out {spec.name}"]) for spec in specs]
    inputs, outputs = [value(s.name, s) for s in specs], [value(f"out {s.name}", s) for s in specs]
    return saved(helper.make_graph(nodes, "echo", inputs, outputs))


@dataclass
class Case:
    specs: list[TensorSpec]
    requests: list[dict[str, Array]]
    order: list[int]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    kinds = draw(st.lists(st.tuples(st.sampled_from(list(TYPES)), st.sampled_from(SHAPES)), min_size=1, max_size=5))
    specs = [TensorSpec(f"x{index}", kind, (-1, *shape)) for index, (kind, shape) in enumerate(kinds)]
    requests = []
    for rows in draw(st.lists(st.integers(1, 5), min_size=1, max_size=3)):
        free = draw(st.integers(1, 3))
        shapes = {spec.name: (rows, *(free if size < 0 else size for size in spec.shape[1:])) for spec in specs}
        requests.append({spec.name: draw(_arrays(spec.datatype, shapes[spec.name])) for spec in specs})
    return Case(specs, requests, draw(st.permutations(range(len(specs)))))


def _arrays(datatype: TensorDatatype, shape: tuple[int, ...]) -> st.SearchStrategy[Array]:
    if datatype == "BYTES":
        # No NUL: ONNX Runtime ends a text there.
        texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6)
        return hnp.arrays(object, shape, elements=texts)
    finite: dict[str, Any] = {}
    if datatype.startswith("FP"):
        finite = {"elements": {"allow_nan": False, "allow_infinity": False}}
    found: st.SearchStrategy[Array] = hnp.arrays(DTYPES[datatype], shape, **finite)
    return found


def as_json(case: Case, arrays: dict[str, Array]) -> tuple[bytes, int | None]:
    specs = [case.specs[at] for at in case.order]
    inputs = [_head(spec, arrays) | {"data": arrays[spec.name].ravel().tolist()} for spec in specs]
    return json.dumps({"inputs": inputs}).encode(), None


def as_rows(case: Case, arrays: dict[str, Array]) -> tuple[bytes, int | None]:
    """Plain rows have no shape of their own: none for sizes that the model leaves free."""
    count = len(next(iter(arrays.values())))
    lists = {case.specs[at].name: _by_row(arrays[case.specs[at].name]) for at in case.order}
    rows = [{name: values[row] for name, values in lists.items()} for row in range(count)]
    return json.dumps({"rows": rows}).encode(), None


def _by_row(array: Array) -> list[Any]:
    found: list[Any] = array.reshape(-1).tolist() if array.size == len(array) else array.tolist()
    return found


def as_binary(case: Case, arrays: dict[str, Array]) -> tuple[bytes, int | None]:
    inputs, tail = [], b""
    for at in case.order:
        spec = case.specs[at]
        array = arrays[spec.name]
        texts = [each.encode() for each in array.ravel()] if spec.datatype == "BYTES" else []
        body = b"".join(struct.pack("<I", len(text)) + text for text in texts) if texts else array.tobytes()
        inputs.append(_head(spec, arrays) | {"parameters": {"binary_data_size": len(body)}})
        tail += body
    head = json.dumps({"inputs": inputs}).encode()
    return head + tail, len(head)


def as_arrow(case: Case, arrays: dict[str, Array]) -> tuple[bytes, int | None]:
    columns = {case.specs[at].name: _column(arrays[case.specs[at].name]) for at in case.order}
    return stream_of(pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))), ARROW_STREAM


def _column(array: Array) -> pa.Array:
    column = pa.array(array.ravel().tolist(), pa.string()) if array.dtype == object else pa.array(array.ravel())
    for size in reversed(array.shape[1:]):
        column = pa.FixedSizeListArray.from_arrays(column, size)
    return column


def _head(spec: TensorSpec, arrays: dict[str, Array]) -> dict[str, Any]:
    return {"name": spec.name, "datatype": spec.datatype, "shape": list(arrays[spec.name].shape)}


def answered(answer: Answer, specs: list[TensorSpec]) -> dict[str, Array]:
    """The outputs by the names of their inputs, in the model's own types."""
    assert answer.status == 200, answer.body
    dtypes = {spec.name: DTYPES[spec.datatype] for spec in specs}
    if dict(answer.headers)["content-type"] != "application/json":
        table = pa.ipc.open_stream(answer.body).read_all()
        return {name: np.array(table.column(f"out {name}").to_pylist(), dtype) for name, dtype in dtypes.items()}
    outputs = {each["name"]: each for each in from_json(answer.body)["outputs"]}
    return {
        name: np.array(outputs[f"out {name}"]["data"], dtype).reshape(outputs[f"out {name}"]["shape"])
        for name, dtype in dtypes.items()
    }


def scorer_of(session: InferenceSession) -> Scorer:
    """With all datatypes of the protocol, of which a package's signature allows some."""
    package = package_ref(package_files())
    signature = Signature.model_construct(
        format=2, inputs=(), outputs=(), task="binary_classification", labels=("truth",), groups=()
    )
    scorer = Scorer(CaptureBuffer(ManualClock(datetime(2026, 5, 1, tzinfo=UTC))))
    scorer.table = Table.of(
        1, [(Version.of(package, signature, session, VersionStatistics(package), GoldenRows(0, ())), 100.0)]
    )
    return scorer


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(case=cases())
async def test_every_way_of_asking_gets_what_the_model_answers(case: Case) -> None:
    session = OnnxRuntime(threads=1).load(echo_model(case.specs))
    scorer = scorer_of(session)
    free = any(-1 in spec.shape[1:] for spec in case.specs)
    ways = [as_json, as_binary, as_arrow] + ([] if free else [as_rows])
    asked = [(arrays, way(case, arrays)) for arrays in case.requests for way in ways]
    answers = await asyncio.gather(
        *(scorer.infer("flights", None, body, header_length=length) for _, (body, length) in asked)
    )
    for (arrays, _), answer in zip(asked, answers, strict=True):
        direct = session.run(arrays)
        for spec, expected in zip(case.specs, direct, strict=True):
            found = answered(answer, case.specs)[spec.name]
            # In Arrow, a column of [N, 1] is one of plain values.
            np.testing.assert_array_equal(found.reshape(expected.shape), expected, strict=True)
