"""Packing scored rows into columnar events, many rows each."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby, repeat
from math import isfinite

import numpy as np

from services.scoring.capture import WIDEST, ScoredRows
from services.scoring.layout import FLOATS
from services.scoring.version import Version
from shared.events import EndpointRef, PredictionsCaptured
from shared.events.predictions import Cell
from shared.ports.inference import Array, TensorSpec

# Cells in one event: with some 20 bytes a cell it stays well below the hub's limit of 1 MB.
_MOST_CELLS = 16_000

type Column = tuple[Cell, ...]


def blocks_of(endpoint: EndpointRef, instance: str, scored: Sequence[ScoredRows]) -> Iterator[PredictionsCaptured]:
    """Consecutive rows of one version share a block."""
    for _, group in groupby(scored, key=lambda rows: id(rows.version)):
        yield from _of_version(endpoint, instance, list(group))


def _of_version(endpoint: EndpointRef, instance: str, scored: list[ScoredRows]) -> Iterator[PredictionsCaptured]:
    version = scored[0].version
    for part in _parts(scored, max(1, _MOST_CELLS // _width(version))):
        # Validating thousands of cells that we made ourselves would cost more than scoring them did.
        yield PredictionsCaptured.model_construct(
            endpoint=endpoint,
            package=version.package,
            keys=tuple(key for rows in part for key in _keys(instance, rows)),
            observed_at=tuple(moment for rows in part for moment in _moments(rows)),
            inputs=_inputs(version, part),
            outputs=_outputs(version, part),
        )


def _width(version: Version) -> int:
    specs = (*version.session.inputs, *version.session.outputs)
    return 2 + sum(width for spec in specs if (width := _columns_in(spec.shape)) <= WIDEST)


def _columns_in(shape: Sequence[int]) -> int:
    return int(np.prod([abs(size) for size in shape[1:]], dtype=int))


def _parts(scored: list[ScoredRows], most_rows: int) -> Iterator[list[ScoredRows]]:
    part: list[ScoredRows] = []
    held = 0
    for rows in scored:
        if part and held + rows.rows > most_rows:
            yield part
            part, held = [], 0
        part.append(rows)
        held += rows.rows
    yield part


def _keys(instance: str, rows: ScoredRows) -> Iterator[str]:
    for mark in rows.marks:
        if mark.keys is not None:
            yield from mark.keys
        else:
            identity = mark.id or f"{instance}-{mark.number}"
            yield from [f"{identity}-{index}" for index in range(mark.rows)]


def _moments(rows: ScoredRows) -> Iterator[datetime]:
    for mark in rows.marks:
        yield from mark.observed_at or repeat(rows.scored_at, mark.rows)


def _inputs(version: Version, part: list[ScoredRows]) -> dict[str, Column]:
    columns: dict[str, Column] = {}
    arrays = version.layout.columns(version.layout.join([rows.arrays for rows in part]))
    for spec in version.session.inputs:
        columns.update(_columns(spec, arrays[spec.name]))
    return columns


def _outputs(version: Version, part: list[ScoredRows]) -> dict[str, Column]:
    columns: dict[str, Column] = {}
    for index, spec in enumerate(version.session.outputs):
        columns.update(_columns(spec, np.concatenate([rows.outputs[index] for rows in part])))
    return columns


def _columns(spec: TensorSpec, array: Array) -> Iterator[tuple[str, Column]]:
    """`name` for one value per row, `name[0]`, `name[1]`, ... for a small vector, nothing for anything wider."""
    if not array.size:
        return
    if array.size == len(array):
        yield spec.name, _cells(spec, array.reshape(-1))
    elif array.size <= len(array) * WIDEST:
        flat = array.reshape(len(array), -1)
        for index in range(flat.shape[1]):
            yield f"{spec.name}[{index}]", _cells(spec, flat[:, index])


def _cells(spec: TensorSpec, values: Array) -> Column:
    """A cell is a number, a text, a truth or nothing; integers become numbers, as an event has them."""
    if spec.datatype in FLOATS and not np.isfinite(values).all():
        return tuple(value if isfinite(value) else None for value in values.tolist())
    if spec.datatype == "FP32":
        return tuple(_shortened(values).tolist())
    if values.dtype.kind in "iu":
        return tuple(values.astype(float).tolist())
    return tuple(values.tolist())


def _shortened(values: Array) -> Array:
    """Nine digits tell every FP32 from its neighbours; the other eight of a double would be noise, twice as long."""
    exact = values.astype(np.float64)
    size = np.abs(exact)
    scale = 10.0 ** (8 - np.floor(np.log10(np.where(size > 0, size, 1.0))))
    return np.asarray(np.round(exact * scale) / scale)
