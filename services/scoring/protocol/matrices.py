"""Matrices of features: a request sends such a tensor by its name, or each of its columns by the feature's own."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from services.scoring.protocol.layout import Layout
from services.scoring.protocol.tensors import block_of
from shared.ports.models.inference import TensorSpec

type Tensors = Mapping[str, Mapping[str, Any]]


def asked_for(layout: Layout, named: Collection[str]) -> Mapping[str, TensorSpec]:
    """The tensors that a request must have, which names these: of a matrix that is not named, its features."""
    if not layout.matrices:
        return layout.specs
    found: dict[str, TensorSpec] = {}
    for name, spec in layout.specs.items():
        matrix = layout.matrices.get(name)
        if matrix is None or name in named:
            found[name] = spec
        else:
            found.update({each.name: each for each in matrix.specs})
    return found


def put_together(layout: Layout, tensors: Tensors, rows: int) -> Tensors:
    """With every matrix as one tensor. Raises `Invalid` naming the feature."""
    if all(name in tensors for name in layout.matrices):
        return tensors
    found = dict(tensors)
    for name, matrix in layout.matrices.items():
        if name not in tensors:
            columns = block_of(matrix, tensors, rows)
            flat = np.ascontiguousarray(columns.T).reshape(-1)
            found[name] = {"datatype": matrix.datatype, "shape": [rows, len(matrix.specs)], "array": flat}
    return found
