"""From a column of a file to what the model takes, by the rules that hold for requests; what does not fit, row by row.

A number of any width is taken for a float; for an integer also a float without a fraction, which is what pandas makes
of integers beside missing values. Truth values are taken for 0 and 1, bytes for the text that they are in UTF-8. Null
and NaN are missing values, and taken where the signature says nullable.
"""

from dataclasses import dataclass, field

import numpy as np
import pyarrow
from pyarrow import types

from services.scoring.files.fitting import fitted, out_of_range
from services.scoring.files.parsing import cast_or_tell, parsed
from services.scoring.files.problems import NotScorable, Problems, blame
from services.scoring.files.text_format import TextFormat
from services.scoring.protocol.layout import DTYPES, FLOATS
from shared.ports.models.inference import Array, TensorDatatype, TensorSpec

_BLANKS = {"BYTES": "", "BOOL": False}


@dataclass(slots=True)
class Cells:
    """One value for each row, a blank where there is a problem; `problems` say what is wrong, by row."""

    values: Array
    problems: Problems = field(default_factory=dict)


def check_type(spec: TensorSpec, kind: pyarrow.DataType, name: str) -> None:
    """Raises `NotScorable` when no value of such a column could be taken."""
    kind = kind.value_type if types.is_dictionary(kind) else kind
    if not types.is_null(kind) and not fits(spec.datatype, kind):
        raise NotScorable(f"column {name}: values of datatype {spec.datatype} are required, it holds {kind}")


def fits(datatype: TensorDatatype, kind: pyarrow.DataType) -> bool:
    return is_text(kind) or _is_bytes(kind) if datatype == "BYTES" else _is_number(kind)


def is_text(kind: pyarrow.DataType) -> bool:
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


def _is_bytes(kind: pyarrow.DataType) -> bool:
    is_plain = types.is_binary(kind) or types.is_large_binary(kind) or types.is_binary_view(kind)
    return bool(is_plain or types.is_fixed_size_binary(kind))


def _is_number(kind: pyarrow.DataType) -> bool:
    is_plain = types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind)
    return bool(is_plain or types.is_decimal(kind))


def plain(column: pyarrow.ChunkedArray | pyarrow.Array) -> pyarrow.Array:
    """One array, without dictionaries and views."""
    found = column.combine_chunks() if isinstance(column, pyarrow.ChunkedArray) else column
    if types.is_dictionary(found.type):
        found = found.dictionary_decode()
    if types.is_string_view(found.type):
        return found.cast(pyarrow.string())
    if types.is_binary_view(found.type) or types.is_fixed_size_binary(found.type):
        return found.cast(pyarrow.binary())
    return found


def cells_of(datatype: TensorDatatype, nullable: bool, column: pyarrow.Array, way: TextFormat | None = None) -> Cells:
    """The column has passed `check_type`, and `plain`; `way` says that texts stand for what it holds."""
    found = Cells(np.empty(0))
    column = _read(datatype, column, way, found.problems)
    missing = _nulls(column)
    blank = _BLANKS.get(datatype, 0)
    if types.is_null(column.type):
        values = np.full(len(column), blank, DTYPES[datatype])
    else:
        values = column.fill_null(pyarrow.scalar(blank).cast(column.type)).to_numpy(zero_copy_only=False)
    if values.dtype.kind == "f":
        missing |= np.isnan(values)
    found.values = fitted(datatype, values, missing, found.problems)
    if not nullable:
        blame(found.problems, missing, lambda _: "the value is missing, and this input is not nullable")
    elif datatype in FLOATS:
        found.values[missing] = np.nan
    return found


def _read(datatype: TensorDatatype, column: pyarrow.Array, way: TextFormat | None, problems: Problems) -> pyarrow.Array:
    """Values that numpy has, too."""
    if way is not None and datatype != "BYTES" and is_text(column.type):
        return parsed(datatype, column, way, problems)
    if types.is_decimal(column.type):
        return _of_decimals(datatype, column, problems)
    return _of_bytes(column, problems) if _is_bytes(column.type) else column


def _of_decimals(datatype: TensorDatatype, column: pyarrow.Array, problems: Problems) -> pyarrow.Array:
    """Whole ones by their digits."""
    if datatype in FLOATS or datatype == "BOOL":
        return column.cast(pyarrow.float64())

    kind = pyarrow.from_numpy_dtype(DTYPES[datatype])
    return cast_or_tell(column, kind, problems, lambda row: f"{column[row].as_py()} {out_of_range(datatype)}")


def _of_bytes(column: pyarrow.Array, problems: Problems) -> pyarrow.Array:
    return cast_or_tell(column, pyarrow.large_string(), problems, lambda _: "these bytes are no text in UTF-8")


def _nulls(column: pyarrow.Array) -> Array:
    found: Array = column.is_null().to_numpy(zero_copy_only=False).copy()
    return found
