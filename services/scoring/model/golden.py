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

RELATIVE, ABSOLUTE = 1e-3, 1e-5


type Golden = Mapping[str, Sequence[Any]]


@dataclass(frozen=True, slots=True)
class GoldenRows:
    """Decoded once: `columns` are what a session takes, `expected` what the package records of its outputs."""

    rows: int
    columns: Mapping[str, Array]
    expected: Mapping[str, Array]

    @classmethod
    def of(cls, table: Golden, signature: Signature, session: InferenceSession) -> "GoldenRows":
        """Raises `Refused` naming the column that is missing or cannot be taken."""
        if signature.prediction not in table:
            raise Refused(f"golden.parquet: column {signature.prediction} is missing")
        rows = len(next(iter(table.values())))
        expected = {
            spec.name: np.array(table[spec.name], _kind(spec)).reshape(rows, -1)
            for spec in session.outputs
            if spec.name in table
        }
        return cls(rows, _columns(table, rows, signature, session), expected)

    def prove(self, session: InferenceSession, generation: int = 0) -> GoldenProof:
        """Score them. Raises `Refused` naming the output and the row that differ beyond tolerance."""
        try:
            found = session.run(dict(self.columns))
        except InferenceFailed as error:
            raise Refused(f"model.onnx: it does not run on its golden rows: {error}") from error
        distance = 0.0
        for spec, values in zip(session.outputs, found, strict=True):
            if len(values) != self.rows:
                raise Refused(f"model.onnx: output {spec.name} has {len(values)} rows for {self.rows} golden rows")
            if spec.name in self.expected:
                distance = max(distance, _distance(spec, values, self.expected[spec.name]))
        named = dict(zip((spec.name for spec in session.outputs), found, strict=True))
        digest = hashlib.sha256(outputs_body(named)).hexdigest()
        return GoldenProof(generation=generation, rows=self.rows, distance=distance, outputs=digest)


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


def _distance(spec: TensorSpec, values: Array, wanted: Array) -> float:
    """Of numbers; 0 for texts, which must be equal."""
    found = values.reshape(len(values), -1)
    if spec.datatype in FLOATS:
        agrees = np.isclose(found, wanted, rtol=RELATIVE, atol=ABSOLUTE, equal_nan=True)
    else:
        agrees = found == wanted
    if not agrees.all():
        row, column = np.argwhere(~agrees)[0]
        raise Refused(
            f"golden rows: output {spec.name}, row {row}: expected {wanted[row, column]}, found {found[row, column]}"
        )
    if spec.datatype not in FLOATS:
        return 0.0
    apart = np.abs(found.astype(np.float64) - wanted)
    return float(apart.max(initial=0.0, where=np.isfinite(apart)))
