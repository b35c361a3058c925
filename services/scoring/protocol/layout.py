"""How a model's inputs lie in memory: features of one datatype share one matrix, so that a request costs one array."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import NamedTuple

import numpy as np

from shared.packages import FLOATS as FLOATS
from shared.packages import Signature
from shared.ports.models.inference import Array, TensorDatatype, TensorSpec

DTYPES: dict[TensorDatatype, np.dtype] = {
    "BOOL": np.dtype(np.bool_),
    "INT8": np.dtype(np.int8),
    "INT16": np.dtype(np.int16),
    "INT32": np.dtype(np.int32),
    "INT64": np.dtype(np.int64),
    "UINT8": np.dtype(np.uint8),
    "UINT16": np.dtype(np.uint16),
    "UINT32": np.dtype(np.uint32),
    "UINT64": np.dtype(np.uint64),
    "FP16": np.dtype(np.float16),
    "BF16": np.dtype(np.float32),
    "FP32": np.dtype(np.float32),
    "FP64": np.dtype(np.float64),
    "BYTES": np.dtype(np.object_),
}
# A tensor wider than this (an image, a text's tokens) is not captured: its content is not what drift is measured on.
WIDEST = 64


@dataclass(frozen=True, slots=True)
class Block:
    """Inputs decoded as one array: features as rows of a matrix [features, N], or one wide tensor [N, ...]."""

    datatype: TensorDatatype
    specs: tuple[TensorSpec, ...]
    nullable: tuple[bool, ...]
    wide: bool

    @property
    def row_axis(self) -> int:
        return 0 if self.wide else 1


class Form(NamedTuple):
    """A message up to its numbers was read before: what comes after them, and what array they make.

    `pack` takes as many numbers as there are, and raises `struct.error` for anything else.
    """

    tail: bytes
    rows: int
    shape: tuple[int, ...]
    dtype: np.dtype
    pack: Callable[..., bytes]


class HeadForm(NamedTuple):
    """The JSON part of a message was read before: what array the `size` bytes after it make, and what is asked for."""

    dtype: np.dtype
    shape: tuple[int, ...]
    rows: int
    size: int
    outputs: dict[str, bool] | None
    binary: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """The blocks of one model, and its inputs by name; `first` is the name whose shape tells the rows of a request.

    `floats` are the places of the blocks whose values may be no number, or infinite.
    `forms` are messages of models with one input, by what stands before their numbers; `heads` are those whose numbers
    come as bytes, by their JSON part.
    """

    blocks: tuple[Block, ...]
    specs: dict[str, TensorSpec]
    ragged: bool
    first: str
    floats: tuple[int, ...]
    forms: dict[bytes, Form] = field(default_factory=dict)
    heads: dict[bytes, HeadForm] = field(default_factory=dict)

    def columns(self, arrays: Sequence[Array]) -> dict[str, Array]:
        """One array per input, as the session takes it: views, no copies."""
        if len(self.specs) == 1 and self.blocks[0].wide:
            return {self.first: arrays[0]}
        found: dict[str, Array] = {}
        for block, array in zip(self.blocks, arrays, strict=True):
            if block.wide:
                found[block.specs[0].name] = array
                continue
            for spec, feature in zip(block.specs, array, strict=True):
                found[spec.name] = feature.reshape(-1, 1) if len(spec.shape) == 2 else feature
        return found

    def inner_shapes(self, arrays: Sequence[Array]) -> tuple[tuple[int, ...], ...]:
        """What must be equal for rows to be joined: sizes beyond the row, where the model leaves them free."""
        if not self.ragged:
            return ()
        return tuple(array.shape[1:] for block, array in zip(self.blocks, arrays, strict=True) if block.wide)

    def pick(self, arrays: Sequence[Array], rows: Array | slice) -> list[Array]:
        """The rows at these places, those for which a mask is true, or those of a slice (as views)."""
        return [array[rows] if block.wide else array[:, rows] for block, array in zip(self.blocks, arrays, strict=True)]

    def join(self, parts: Sequence[Sequence[Array]]) -> list[Array]:
        """The rows of several requests as one."""
        together = zip(*parts, strict=True)
        return [np.concatenate(each, axis=block.row_axis) for block, each in zip(self.blocks, together, strict=True)]


def is_feature(spec: TensorSpec) -> bool:
    """One value per row."""
    return len(spec.shape) == 1 or (len(spec.shape) == 2 and spec.shape[1] == 1)


def is_slim(spec: TensorSpec) -> bool:
    """Surely captured, however many rows there are."""
    return -1 not in spec.shape[1:] and prod(spec.shape[1:]) <= WIDEST


def layout_of(specs: Sequence[TensorSpec], signature: Signature) -> Layout:
    nullable = {column.name for column in signature.inputs if column.nullable}
    grouped: dict[TensorDatatype, list[TensorSpec]] = {}
    wide: list[TensorSpec] = []
    for spec in specs:
        if is_feature(spec):
            grouped.setdefault(spec.datatype, []).append(spec)
        else:
            wide.append(spec)
    blocks = [
        Block(kind, tuple(each), tuple(s.name in nullable for s in each), False) for kind, each in grouped.items()
    ]
    blocks += [Block(spec.datatype, (spec,), (spec.name in nullable,), True) for spec in wide]
    ragged = any(-1 in spec.shape[1:] for spec in wide)
    floats = tuple(index for index, block in enumerate(blocks) if block.datatype in FLOATS)
    return Layout(tuple(blocks), {spec.name: spec for spec in specs}, ragged, specs[0].name, floats)
