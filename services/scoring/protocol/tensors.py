"""From the `data` of JSON tensors to arrays: one array per block, each value's type checked, errors by tensor."""

import re
import struct
import warnings
from collections.abc import Mapping, Sequence
from itertools import chain
from math import prod
from typing import Any, NoReturn

import numpy as np

from services.scoring.protocol.answers import Invalid
from services.scoring.protocol.datatypes import fitted, is_taken_for
from services.scoring.protocol.layout import DTYPES, FLOATS, Block, Layout
from shared.ports.models.inference import Array, TensorDatatype, TensorSpec

type Tensor = Mapping[str, Any]

# A value beyond the range of a narrow float becomes infinite, which `check_numbers` refuses; numpy need not tell, too.
warnings.filterwarnings("ignore", "overflow encountered in cast", RuntimeWarning, re.escape(__name__))

_NUMBERS = frozenset({float, int})
_TYPES: dict[TensorDatatype, frozenset[type]] = {
    **{datatype: frozenset({int}) for datatype in DTYPES},
    **dict.fromkeys(FLOATS, _NUMBERS), "BOOL": frozenset({bool}), "BYTES": frozenset({str}),
}  # fmt: skip
# Datatypes whose values `struct` packs from a list faster than numpy does, and checks as it goes: a text,
# null or array is no number to it, and a number with a fraction is no integer. Only true and false pass as 1 and 0.
STRUCT_CODES: dict[TensorDatatype, str] = {
    "BF16": "f", "FP32": "f", "FP64": "d", "INT8": "b", "INT16": "h", "INT32": "i", "INT64": "q",
    "UINT8": "B", "UINT16": "H", "UINT32": "I", "UINT64": "Q",
}  # fmt: skip
_JSON_NAMES = {float: "number", int: "integer", str: "text", bool: "boolean", list: "array", dict: "object"}


def has_only_numbers(body: bytes) -> bool:
    """True when no value after the first `data` can be true, false or null: the letters for it are not there.

    Two searches for a byte take a thousandth of the time that looking at the type of each value does.
    """
    at = body.find(b'"data"')
    return at >= 0 and body.find(b"u", at) < 0 and body.find(b"s", at) < 0 and body.find(b"\\", 0, at) < 0


class _OtherDatatype(Exception):
    """A tensor is of another datatype than the model's, whose values may fit. Rare, so nobody else is asked for it."""


def block_of(block: Block, tensors: Mapping[str, Tensor], rows: int, plain: bool = False) -> Array:
    """The block's array for these tensors; raises `Invalid` naming tensor, shape and datatype.

    `plain` promises that there is neither true nor false among the values.
    """
    try:
        return _block_of(block, tensors, rows, plain)
    except _OtherDatatype:
        inputs = zip(block.specs, block.nullable, strict=True)
        fitting = {spec.name: _fitting(spec, tensors[spec.name], nullable, rows) for spec, nullable in inputs}
        return _block_of(block, fitting, rows, plain)


def _block_of(block: Block, tensors: Mapping[str, Tensor], rows: int, plain: bool) -> Array:
    if block.wide:
        return _wide(block, tensors[block.specs[0].name], rows, plain)
    parts = [tensors[spec.name] for spec in block.specs]
    for spec, tensor in zip(block.specs, parts, strict=True):
        _shape(spec, tensor, rows)
    if any(["array" in tensor for tensor in parts]):
        return np.stack([_flat(*each, rows) for each in zip(block.specs, parts, block.nullable, strict=True)])
    return _from_lists(block, parts, rows, plain)


def _wide(block: Block, tensor: Tensor, rows: int, plain: bool) -> Array:
    spec = block.specs[0]
    shape = _shape(spec, tensor, rows)
    count = prod(shape)
    if plain and (found := packed(spec.datatype, tensor.get("data"), count)) is not None:
        return found.reshape(shape)
    return _flat(spec, tensor, block.nullable[0], count).reshape(shape)


def packed(datatype: TensorDatatype, values: object, count: int) -> Array | None:
    """The values of a flat list, None when they are not `count` numbers of this datatype: the slow way says why."""
    code = STRUCT_CODES.get(datatype)
    if code is None or type(values) is not list or len(values) != count:
        return None
    try:
        return np.frombuffer(struct.pack(f"{count}{code}", *values), DTYPES[datatype])
    except (struct.error, OverflowError):
        return None


def _refuse_header(spec: TensorSpec, tensor: Tensor, rows: int) -> NoReturn:
    raise Invalid(
        f"{spec.name}: expected shape {[rows, *spec.shape[1:]]}, datatype {spec.datatype}; "
        f"found shape {tensor.get('shape')!r:.100}, datatype {tensor.get('datatype')!r:.40}"
    )


def _shape(spec: TensorSpec, tensor: Tensor, rows: int) -> tuple[int, ...]:
    """Of these rows of this tensor, in whole numbers; a feature may come as [N] or [N, 1], however the model has it."""
    inner, found = spec.shape[1:], tensor.get("shape")
    if tensor.get("datatype") == spec.datatype and type(found) is list and found and found[0] == rows:
        rest = tuple(found[1:])
        if rest == inner and -1 not in inner:
            return (rows, *inner)
        if rest in ((), (1,)) and inner in ((), (1,)):
            return (rows, *inner)
        if len(rest) == len(inner) and all(
            type(size) is int and (size > 0 or not rows) and wanted in (-1, size)
            for size, wanted in zip(rest, inner, strict=True)
        ):
            return (rows, *rest)
    if is_taken_for(tensor.get("datatype"), spec.datatype):
        raise _OtherDatatype
    _refuse_header(spec, tensor, rows)


def _fitting(spec: TensorSpec, tensor: Tensor, nullable: bool, rows: int) -> Tensor:
    """With its values in the model's datatype; the tensor itself where they are, or where they never can be."""
    if not is_taken_for(tensor.get("datatype"), spec.datatype):
        return tensor
    ours = {name: value for name, value in tensor.items() if name != "data"} | {"datatype": spec.datatype}
    try:
        shape = _shape(spec, ours, rows)
    except Invalid:
        _refuse_header(spec, tensor, rows)
    return {**ours, "array": fitted(spec, _flat(spec, tensor, nullable, prod(shape)))}


def _from_lists(block: Block, parts: Sequence[Tensor], rows: int, plain: bool) -> Array:
    """The common case, flat lists of the right types, is one call; anything else is looked at tensor by tensor."""
    lists: list[Any] = [tensor.get("data") for tensor in parts]
    try:
        if set(map(type, lists)) == {list} and set(map(len, lists)) == {rows}:
            values = list(chain.from_iterable(lists))
            if plain and (found := packed(block.datatype, values, len(values))) is not None:
                return found.reshape(len(lists), rows)
            if _TYPES[block.datatype].issuperset(map(type, values)):
                return np.array(values, DTYPES[block.datatype]).reshape(len(lists), rows)
    except (TypeError, ValueError, OverflowError):
        pass  # found again below, where the tensor at fault is named
    return np.stack([_flat(*each, rows) for each in zip(block.specs, parts, block.nullable, strict=True)])


def _flat(spec: TensorSpec, tensor: Tensor, nullable: bool, count: int) -> Array:
    """The values of one tensor in one dimension: nested lists are flattened, nulls replaced where they may be."""
    values = tensor.get("array", tensor.get("data"))
    if isinstance(values, np.ndarray):
        if len(values) != count:
            raise Invalid(f"{spec.name}: {len(values)} values for shape {tensor['shape']}")
        return values
    if values is None and not count:  # what KServe's client sends of a tensor without rows
        values = []
    if not isinstance(values, list):
        raise Invalid(f"{spec.name}: data: an array of {count} values is required")
    for _ in range(len(tensor["shape"]) - 1):
        if values and isinstance(values[0], list) and all(isinstance(each, list) for each in values):
            values = list(chain.from_iterable(values))
    if len(values) != count:
        raise Invalid(f"{spec.name}: {len(values)} values for shape {tensor['shape']}")
    kinds = set(map(type, values))
    if nullable and type(None) in kinds:
        blank = "" if spec.datatype == "BYTES" else float("nan")
        values, kinds = [blank if value is None else value for value in values], kinds - {type(None)}
    wrong = kinds - _TYPES[tensor["datatype"]]
    if wrong:
        found = ", ".join(sorted(_JSON_NAMES.get(kind, "null") for kind in wrong))
        raise Invalid(f"{spec.name}: expected values of datatype {tensor['datatype']}, found {found}")
    try:
        return np.array(values, DTYPES[spec.datatype])
    except (OverflowError, ValueError):
        raise Invalid(f"{spec.name}: a value is outside of the range of datatype {spec.datatype}") from None


def check_numbers(layout: Layout, arrays: Sequence[Array]) -> None:
    """Infinities never, also those that a value beyond the datatype's range becomes; NaN where nullable.

    Raises `Invalid`. Made for the rows of many requests at once: it costs as much for one.
    """
    for index in layout.floats:
        # `all()` takes three times as long: for a row, that is a tenth of all that is done around the model.
        if 0 in np.isfinite(arrays[index]).tobytes():
            _explain_numbers(layout.blocks[index], arrays[index])


def _explain_numbers(block: Block, array: Array) -> None:
    for index, (spec, nullable) in enumerate(zip(block.specs, block.nullable, strict=True)):
        values = array if block.wide else array[index]
        if np.isinf(values).any():
            raise Invalid(f"{spec.name}: a value is infinite, or outside of the range of datatype {spec.datatype}")
        if not nullable and np.isnan(values).any():
            raise Invalid(f"{spec.name}: a value is missing (NaN), and this input is not nullable")
