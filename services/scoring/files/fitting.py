"""Values in the model's own datatype: whole numbers exactly or not at all, the others as near as the datatype is."""

from collections.abc import Callable

import numpy as np

from services.scoring.files.problems import Problems, blame
from services.scoring.protocol.layout import DTYPES, FLOATS
from shared.ports.models.inference import Array, TensorDatatype

type Shown = Callable[[int], str]


def fitted(
    datatype: TensorDatatype, values: Array, missing: Array, problems: Problems, shown: Shown | None = None
) -> Array:
    """0 where a value is missing or does not fit; `missing` is a mask. `shown` writes the value of a row in words."""
    shown = shown or (lambda row: f"{values[row].item()!r:.40}")
    if datatype == "BYTES":
        return values.astype(DTYPES[datatype])
    if values.dtype.kind == "b":
        values = values.astype(np.uint8)
    if datatype in FLOATS:
        return _floats(datatype, values, missing, problems, shown)
    if datatype == "BOOL":
        return _truths(values, missing, problems, shown)
    return _whole(datatype, values, missing, problems, shown)


def out_of_range(datatype: TensorDatatype) -> str:
    limits = np.iinfo(DTYPES[datatype])
    return f"is no whole number in the range of datatype {datatype} ({limits.min} to {limits.max})"


def _floats(datatype: TensorDatatype, values: Array, missing: Array, problems: Problems, shown: Shown) -> Array:
    with np.errstate(over="ignore"):
        found = values.astype(DTYPES[datatype])
    wrong = np.isinf(found)
    reason = f"is infinite, or outside of the range of datatype {datatype}"
    blame(problems, wrong & ~missing, lambda row: f"{shown(row)} {reason}")
    found[wrong | missing] = 0
    return found


def _truths(values: Array, missing: Array, problems: Problems, shown: Shown) -> Array:
    wrong = (values != 0) & (values != 1)
    blame(problems, wrong & ~missing, lambda row: f"{shown(row)} is no truth value: 0 or 1 is required")
    return np.where(wrong | missing, False, values).astype(np.bool_)


def _whole(datatype: TensorDatatype, values: Array, missing: Array, problems: Problems, shown: Shown) -> Array:
    dtype = DTYPES[datatype]
    limits = np.iinfo(dtype)
    wrong, vague = np.zeros(len(values), bool), np.zeros(len(values), bool)
    if values.dtype.kind == "f":
        bits, values = int(np.finfo(values.dtype).nmant) + 1, values.astype(np.float64, copy=False)
        # As a float, the largest 64-bit integer is one more than it: there the limit itself is outside.
        above = values >= float(limits.max) if dtype.itemsize == 8 else values > limits.max
        wrong = (np.trunc(values) != values) | (values < limits.min) | above
        # From here on, a float is the nearest one of several whole numbers.
        vague = ~wrong & (np.abs(values) >= 2.0**bits)
        blame(problems, vague & ~missing, lambda row: f"{shown(row)} {_too_vague(bits)}")
    elif not np.can_cast(values.dtype, dtype):
        wrong = (values < limits.min) | (values > limits.max)
    blame(problems, wrong & ~missing, lambda row: f"{shown(row)} {out_of_range(datatype)}")
    return np.where(wrong | vague | missing, 0, values).astype(dtype)


def _too_vague(bits: int) -> str:
    return f"is a float of 2^{bits} or more, which need not be the number that was meant: an integer is required"
