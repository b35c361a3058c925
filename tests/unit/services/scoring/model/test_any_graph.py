"""Any graph: what is accepted answers as ONNX Runtime alone does; what is not is refused by name before it runs."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper
from pydantic_core import from_json, to_json

from services.scoring import Scorer
from services.scoring.capture.buffer import CaptureBuffer
from services.scoring.model.loading import PackageLoader, check
from services.scoring.model.table import Table
from services.scoring.protocol.layout import DTYPES
from shared.adapters.clock import SystemClock
from shared.adapters.memory import MemoryModelPackages
from shared.adapters.onnx import OnnxRuntime
from shared.ports import Refused
from tests.support import graphs
from tests.support.onnx_models import package_ref

_KINDS = {
    "BOOL": TensorProto.BOOL, "INT8": TensorProto.INT8, "INT16": TensorProto.INT16, "INT32": TensorProto.INT32,
    "INT64": TensorProto.INT64, "UINT8": TensorProto.UINT8, "UINT16": TensorProto.UINT16, "UINT32": TensorProto.UINT32,
    "UINT64": TensorProto.UINT64, "FP16": TensorProto.FLOAT16, "FP32": TensorProto.FLOAT, "FP64": TensorProto.DOUBLE,
    "BYTES": TensorProto.STRING,
}  # fmt: skip


class Column(NamedTuple):
    """One input and the output that repeats it. `free` are the inner axes of any size; `size` is theirs in the data."""

    datatype: str
    inner: tuple[int, ...]
    free: tuple[bool, ...]
    is_mapped: bool

    def said(self, first: int) -> list[int]:
        return [first, *(-1 if free else size for size, free in zip(self.inner, self.free, strict=True))]


class Case(NamedTuple):
    columns: list[Column]
    rows: int
    is_row_by_row: bool


_COLUMNS = st.builds(
    lambda datatype, axes, is_mapped: Column(
        datatype, tuple(size for size, _ in axes), tuple(free for _, free in axes), is_mapped
    ),
    st.sampled_from(sorted(_KINDS)),
    st.lists(st.tuples(st.integers(1, 3), st.booleans()), max_size=3),
    st.booleans(),
)
# Its output is the score that makes it an answer to a question.
_SCORE = Column("FP32", (1,), (False,), False)
_CASES = st.builds(
    lambda columns, rows, is_row_by_row: Case([_SCORE, *columns], rows, is_row_by_row),
    st.lists(_COLUMNS, max_size=3),
    st.integers(1, 4),
    st.booleans(),
)
# By name: what is wrong with the signature of the last column, and the words for it.
_WRONGS = {
    "datatype": r"the graph has datatype \w+, signature.json says \w+",
    "a size": r"the graph declares shape \[.*\], signature.json says \[.*\]: say",
    "an axis": r"the graph declares shape \[.*\], signature.json says \[.*\]: say",
    "the rows": r"the graph declares shape \[.*\], signature.json says \[.*\]",
    "the name": r"the graph has no such (in|out)put",
    "one input less": r"input 'i\d' of the graph: signature.json has no such input",
}


def graph(case: Case) -> bytes:
    first: int | str = 1 if case.is_row_by_row else "N"
    nodes = []
    tensors: dict[str, tuple[int, list[int | str]]] = {}
    for index, column in enumerate(case.columns):
        shape = [first, *(f"F{index}{axis}" if size < 0 else size for axis, size in enumerate(column.said(-1)[1:]))]
        tensors[str(index)] = (_KINDS[column.datatype], shape)
        nodes.append(helper.make_node("Identity", [f"i{index}"], [f"o{index}"]))
    inputs, outputs = ({f"{side}{index}": spec for index, spec in tensors.items()} for side in "io")
    return graphs.model(nodes, inputs, outputs)


def signature(case: Case) -> dict[str, Any]:
    first = 1 if case.is_row_by_row else -1
    found: dict[str, Any] = {"inputs": [], "outputs": []}
    for index, column in enumerate(case.columns):
        for side, key in (("i", "inputs"), ("o", "outputs")):
            said = {"name": f"{side}{index}", "datatype": column.datatype, "shape": column.said(first)}
            if column.is_mapped:
                said |= {"name": f"größe {side}.{index}", "tensor": f"{side}{index}"}
            found[key].append(said)
        if column.datatype == "BYTES":
            found["inputs"][-1]["kind"] = "text"
    found["outputs"][0]["role"] = "score"
    return found


def data(case: Case) -> dict[str, np.ndarray[Any, Any]]:
    rng = np.random.default_rng(len(case.columns))
    return {
        f"i{index}": rng.integers(0, 2, (case.rows, *column.inner)).astype(str if column.datatype == "BYTES" else int)
        .astype(DTYPES[column.datatype])  # type: ignore[index]
        for index, column in enumerate(case.columns)
    }  # fmt: skip


def answered(case: Case) -> dict[str, np.ndarray[Any, Any]]:
    """By ONNX Runtime alone, as its graph takes the rows."""
    rows = data(case)
    if not case.is_row_by_row:
        return graphs.answers(graph(case), rows)
    parts = [
        graphs.answers(graph(case), {name: array[row : row + 1] for name, array in rows.items()})
        for row in range(case.rows)
    ]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def package(case: Case, said: Mapping[str, Any]) -> dict[str, bytes]:
    cells = {**data(case), **answered(case)}
    names = {each.get("tensor", each["name"]): each["name"] for key in ("inputs", "outputs") for each in said[key]}
    golden = {names[name]: graphs.cells(array) for name, array in cells.items() if name in names}
    return graphs.package(graph(case), said, golden)


def request(case: Case, said: Mapping[str, Any]) -> bytes:
    rows = data(case)
    inputs = [
        {"name": each["name"], "datatype": each["datatype"], "shape": list(array.shape), "data": array.ravel().tolist()}
        for each in said["inputs"]
        for array in [rows[each.get("tensor", each["name"])]]
    ]
    return to_json({"inputs": inputs})


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(case=_CASES)
async def test_what_is_accepted_answers_as_the_runtime_alone(case: Case) -> None:
    said, packages = signature(case), MemoryModelPackages()
    files = package(case, said)
    ref = package_ref(files)
    await packages.adopt(ref.digest, files)
    scorer = Scorer(CaptureBuffer(SystemClock(), sampling=0.0))
    version = await PackageLoader(packages, OnnxRuntime(1)).load(ref)
    scorer.table = Table.of(1, [(version, 100.0)])
    answer = await scorer.infer(version.name, None, request(case, said))
    assert answer.status == 200, answer.body
    found = {each["name"]: each for each in from_json(answer.body)["outputs"]}
    wanted = answered(case)
    assert found.keys() == {each["name"] for each in said["outputs"]}
    for each in said["outputs"]:
        array = wanted[each.get("tensor", each["name"])]
        assert found[each["name"]]["shape"] == list(array.shape)
        assert found[each["name"]]["data"] == array.ravel().tolist()


def spoilt(said: dict[str, Any], wrong: str, side: str) -> None:
    """The last column of this side says something else than its graph."""
    column = said[side][-1]
    shape = column["shape"]
    match wrong:
        case "datatype":
            column["datatype"] = "INT32" if column["datatype"] != "INT32" else "UINT8"
            column.pop("kind", None)
        case "a size":
            shape.append(7) if len(shape) == 1 else shape.__setitem__(-1, 7 if shape[-1] != -1 else shape[-1])
            if shape[-1] == -1:
                shape.append(7)
        case "an axis":
            shape.append(-1)
        case "the rows":
            for each in (*said["inputs"], *said["outputs"]):
                each["shape"][0] = -1
        case "the name":
            column["tensor"] = "nobody"
        case "one input less":
            said["inputs"].pop()


@pytest.mark.parametrize("side", ["inputs", "outputs"])
@pytest.mark.parametrize("wrong", _WRONGS)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(case=_CASES)
def test_what_is_declared_wrongly_is_refused_by_name_before_it_runs(case: Case, wrong: str, side: str) -> None:
    if wrong == "the rows":
        case = case._replace(is_row_by_row=True)
    if wrong == "one input less" and len(case.columns) == 1:
        case = case._replace(columns=[*case.columns, _SCORE])
    said = signature(case)
    spoilt(said, wrong, side)
    files = graphs.package(graph(case), said, {"i0": [1.0], "o0": [1.0]})
    with pytest.raises(Refused) as refusal:
        check(package_ref(files).digest, files)
    assert re.search(_WRONGS[wrong], str(refusal.value)), refusal.value
