"""The golden rows of a package: what the model must answer here as it did where it was trained."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from services.scoring.answers import Invalid
from services.scoring.layout import FLOATS, layout_of
from services.scoring.protocol.tensors import block_of, check_numbers
from shared.packages import Signature
from shared.ports import Refused
from shared.ports.inference import Array, InferenceFailed, InferenceSession, TensorSpec

RELATIVE, ABSOLUTE = 1e-3, 1e-5


type Golden = Mapping[str, Sequence[Any]]


def check_golden(table: Golden, signature: Signature, session: InferenceSession) -> None:
    """Raises `Refused` naming the output and the row that differ beyond tolerance."""
    rows = len(next(iter(table.values())))
    found = _run(table, rows, signature, session)
    for spec, values in zip(session.outputs, found, strict=True):
        if len(values) != rows:
            raise Refused(f"model.onnx: output {spec.name} has {len(values)} rows for {rows} golden rows")
        if spec.name in table:
            _compare(spec, values, table[spec.name])
    if signature.prediction not in table:
        raise Refused(f"golden.parquet: column {signature.prediction} is missing")


def read_golden(body: bytes) -> Golden:
    """The columns of `golden.parquet`, never empty. pyarrow is imported here: it costs tens of megabytes."""
    import pyarrow
    import pyarrow.parquet

    try:
        table: Golden = pyarrow.parquet.read_table(io.BytesIO(body)).to_pydict()
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise Refused(f"golden.parquet: {error}") from error
    if not table or not len(next(iter(table.values()))):
        raise Refused("golden.parquet: there are no rows in it")
    return table


def _run(table: Golden, rows: int, signature: Signature, session: InferenceSession) -> Sequence[Array]:
    layout = layout_of(session.inputs, signature)
    missing = [spec.name for spec in session.inputs if spec.name not in table]
    if missing:
        raise Refused(f"golden.parquet: column {missing[0]} is missing")
    tensors = {
        spec.name: {"datatype": spec.datatype, "shape": [rows, *spec.shape[1:]], "data": list(table[spec.name])}
        for spec in session.inputs
    }
    try:
        arrays = [block_of(block, tensors, rows) for block in layout.blocks]
        check_numbers(layout, arrays)
        return session.run(layout.columns(arrays))
    except Invalid as invalid:
        raise Refused(f"golden.parquet: {invalid}") from invalid
    except InferenceFailed as error:
        raise Refused(f"model.onnx: it does not run on its golden rows: {error}") from error


def _compare(spec: TensorSpec, values: Array, expected: Sequence[Any]) -> None:
    found, wanted = (
        values.reshape(len(values), -1),
        np.array(expected, float if spec.datatype in FLOATS else None).reshape(len(values), -1),
    )
    if spec.datatype in FLOATS:
        agrees = np.isclose(found, wanted, rtol=RELATIVE, atol=ABSOLUTE, equal_nan=True)
    else:
        agrees = found == wanted
    if not agrees.all():
        row, column = np.argwhere(~agrees)[0]
        raise Refused(
            f"golden rows: output {spec.name}, row {row}: expected {wanted[row, column]}, found {found[row, column]}"
        )
