"""What a model answers, as columns of a result."""

from collections.abc import Sequence

import numpy as np
import pyarrow

from services.scoring.protocol.layout import DTYPES, is_feature
from shared.ports.models.inference import Array, TensorSpec


class OutputColumns:
    """Each by its name after `prefix`."""

    def __init__(self, specs: Sequence[TensorSpec], prefix: str) -> None:
        self.fields = [pyarrow.field(prefix + spec.name, _arrow_type(spec)) for spec in specs]

    def columns(self, parts: Sequence[Sequence[Array]]) -> list[pyarrow.Array]:
        """Of the rows of all parts, in their order; no part is empty."""
        each_output = zip(*parts, strict=True)
        return [_joined(arrays, field.type) for arrays, field in zip(each_output, self.fields, strict=True)]


def _arrow_type(spec: TensorSpec) -> pyarrow.DataType:
    kind = pyarrow.string() if spec.datatype == "BYTES" else pyarrow.from_numpy_dtype(DTYPES[spec.datatype])
    return kind if is_feature(spec) else pyarrow.list_(kind)


def _joined(arrays: Sequence[Array], kind: pyarrow.DataType) -> pyarrow.Array:
    """Parts of one width are joined before they are columns, which is faster."""
    if len({array.shape[1:] for array in arrays}) == 1:
        return _arrow(np.concatenate(arrays), kind)
    return pyarrow.concat_arrays([_arrow(array, kind) for array in arrays])


def _arrow(output: Array, kind: pyarrow.DataType) -> pyarrow.Array:
    flat = output.reshape(-1)
    if not pyarrow.types.is_list(kind):
        return pyarrow.array(flat, kind)
    width = output.size // len(output)
    offsets = pyarrow.array(np.arange(len(output) + 1, dtype=np.int32) * width)
    return pyarrow.ListArray.from_arrays(offsets, pyarrow.array(flat, kind.value_type))
