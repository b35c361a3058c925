"""The golden rows of a package: what the model must answer here as it did where it was trained."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from services.scoring.protocol.answers import Invalid
from services.scoring.protocol.layout import FLOATS, layout_of
from services.scoring.protocol.rows import tensor_of
from services.scoring.protocol.tensors import block_of, check_numbers
from shared.events import GoldenProof, canonical
from shared.packages import Signature
from shared.packages.parquet import read_parquet
from shared.ports import Refused
from shared.ports.models.inference import Array, InferenceFailed, InferenceSession, TensorSpec

# Narrow floats are as near to each other as they can be.
RELATIVE, ABSOLUTE = {"FP16": 4e-3, "BF16": 2e-2, "FP32": 1e-3, "FP64": 1e-3}, 1e-5

type Golden = Mapping[str, Sequence[Any]]


@dataclass(frozen=True, slots=True)
class _Group:
    """Rows that can be run together: sizes that the model leaves free are the same. `places` are theirs in the file."""

    places: tuple[int, ...]
    columns: Mapping[str, Array]
    expected: Mapping[str, Array]


@dataclass(frozen=True, slots=True)
class GoldenRows:
    """Decoded once: what a session takes, and what the package records of its outputs."""

    rows: int
    groups: tuple[_Group, ...]

    @classmethod
    def of(cls, table: Golden, signature: Signature, session: InferenceSession) -> "GoldenRows":
        """Raises `Refused` naming the column that is missing or cannot be taken."""
        if signature.prediction not in table:
            raise Refused(f"golden.parquet: column {signature.prediction} is missing")
        rows = len(next(iter(table.values())))
        groups = [_group(places, table, signature, session) for places in _places(table, rows, session)]
        return cls(rows, tuple(groups))

    def prove(self, session: InferenceSession, generation: int = 0) -> GoldenProof:
        """Score them. Raises `Refused` naming the output and the row that differ beyond tolerance."""
        distance = 0.0
        cells: dict[str, list[Array]] = {spec.name: [_NOTHING] * self.rows for spec in session.outputs}
        for group in self.groups:
            for spec, values in zip(session.outputs, run(session, group.columns), strict=True):
                if spec.name in group.expected:
                    distance = max(distance, _distance(spec, values, group.expected[spec.name], group.places))
                for place, row in zip(group.places, values, strict=True):
                    cells[spec.name][place] = row
        digest = hashlib.sha256(outputs_body({name: _flat(found) for name, found in cells.items()})).hexdigest()
        return GoldenProof(generation=generation, rows=self.rows, distance=distance, outputs=digest)


def run(session: InferenceSession, columns: Mapping[str, Array]) -> Sequence[Array]:
    """Raises `Refused` when they cannot be run, or come out in another shape than is declared."""
    try:
        return session.run(dict(columns))
    except InferenceFailed as error:
        raise Refused(f"model.onnx: it does not run on its golden rows: {error}") from error


_NOTHING: Array = np.empty(0)


def _flat(rows: Sequence[Array]) -> Array:
    return np.concatenate([np.reshape(row, -1) for row in rows])


def _places(table: Golden, rows: int, session: InferenceSession) -> Sequence[Sequence[int]]:
    """Which rows can be run together."""
    free = [spec.name for spec in session.inputs if -1 in spec.shape[1:] and spec.name in table]
    if not free:
        return [range(rows)]
    found: dict[object, list[int]] = {}
    for row in range(rows):
        found.setdefault(tuple(_sizes(table[name][row]) for name in free), []).append(row)
    return list(found.values())


def _sizes(cell: Any) -> tuple[int, ...]:
    """Of a list of lists, by the first of each."""
    return (len(cell), *_sizes(cell[0])) if isinstance(cell, list) and cell else ()


def _group(places: Sequence[int], table: Golden, signature: Signature, session: InferenceSession) -> _Group:
    part = {name: [cells[place] for place in places] for name, cells in table.items()}
    expected = {spec.name: _expected(spec, part[spec.name]) for spec in session.outputs if spec.name in part}
    return _Group(tuple(places), _columns(part, len(places), signature, session), expected)


def _expected(spec: TensorSpec, cells: Sequence[Any]) -> Array:
    """[rows, values of each]."""
    try:
        return np.array(cells, _kind(spec)).reshape(len(cells), -1)
    except (TypeError, ValueError, OverflowError) as error:
        raise Refused(f"golden.parquet, column {spec.name}: no values of datatype {spec.datatype} ({error})") from error


def outputs_body(outputs: Mapping[str, Array]) -> bytes:
    """Outputs by name in their one spelling, so that whoever scored them gets the same digest; NaN is null."""
    return canonical({name: [_plain(cell) for cell in values.reshape(-1).tolist()] for name, values in outputs.items()})


def _kind(spec: TensorSpec) -> type | None:
    """Of what is compared. Numpy's own text type would make each text as wide as the longest."""
    if spec.datatype == "BYTES":
        return object
    return float if spec.datatype in FLOATS else None


def _plain(cell: Any) -> Any:
    return None if isinstance(cell, float) and not np.isfinite(cell) else cell


def read_golden(body: bytes) -> Golden:
    """The columns of `golden.parquet`, never empty. pyarrow is imported here: it costs tens of megabytes.

    Staging has read the same bytes, by their digest, in a process of bounded memory.
    """
    import pyarrow

    try:
        table: Golden = read_parquet(body).to_pydict()
    except (pyarrow.ArrowException, OSError, ValueError, MemoryError) as error:
        raise Refused(f"golden.parquet: {error}") from error
    if not table or not len(next(iter(table.values()))):
        raise Refused("golden.parquet: there are no rows in it")
    return table


def _columns(table: Golden, rows: int, signature: Signature, session: InferenceSession) -> Mapping[str, Array]:
    layout = layout_of(session.inputs, signature)
    missing = [spec.name for spec in session.inputs if spec.name not in table]
    if missing:
        raise Refused(f"golden.parquet: column {missing[0]} is missing")
    tensors = {spec.name: tensor_of(spec, list(table[spec.name])) for spec in session.inputs}
    try:
        arrays = [block_of(block, tensors, rows) for block in layout.blocks]
        check_numbers(layout, arrays)
    except Invalid as invalid:
        raise Refused(f"golden.parquet: {invalid}") from invalid
    return layout.columns(arrays)


def _distance(spec: TensorSpec, values: Array, wanted: Array, places: Sequence[int]) -> float:
    """Of numbers; 0 for texts, which must be equal."""
    found = values.reshape(len(values), -1)
    if found.shape != wanted.shape:
        raise Refused(
            f"golden.parquet, column {spec.name}: it has {wanted.shape[1]} values for a row; the model gives "
            f"{found.shape[1]}: record what the model gives"
        )
    agrees = close(spec, found, wanted)
    if not agrees.all():
        row, column = np.argwhere(~agrees)[0]
        raise Refused(
            f"golden rows: output {spec.name}, row {places[row]}: expected {wanted[row, column]}, found "
            f"{found[row, column]}"
        )
    if spec.datatype not in FLOATS:
        return 0.0
    apart = np.abs(found.astype(np.float64) - wanted)
    return float(apart.max(initial=0.0, where=np.isfinite(apart)))


def close(spec: TensorSpec, found: Array, wanted: Array) -> Array:
    """Which cells are equal, numbers within the tolerance of their datatype."""
    if spec.datatype not in FLOATS:
        return np.asarray(found == wanted)
    numbers = found.astype(np.float64, copy=False), wanted.astype(np.float64, copy=False)
    return np.isclose(*numbers, rtol=RELATIVE[spec.datatype], atol=ABSOLUTE, equal_nan=True)
