"""Packing scored rows into columnar events, many rows each."""

from binascii import b2a_base64
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
import orjson

from services.scoring.capture.scored import ScoredRows, ScoredRun, joined, kind_of
from services.scoring.model.version import Version
from services.scoring.protocol.layout import WIDEST
from shared.events import EndpointRef, PredictionsCaptured
from shared.ports.models.inference import Array, TensorSpec

# Packing so many takes some 50 us: then others have their turn.
_CELLS_AT_A_TIME = 5_000
# Cells in one event: a packed one has 5 to 11 bytes, a text counts as many. About half of the hub's limit of 1 MB, for
# sending a small event costs about as much as sending a large one.
MOST_CELLS = 40_000
_CELLS_OF_TEXT = 5

type Column = tuple[str, dict[str, str] | list[Any]]
type Columns = dict[str, dict[str, str] | list[Any]]
type KeyCells = dict[str, Any]
"""A `KeyRun` as JSON has it."""


class CapturedBlock(PredictionsCaptured):
    """The event with packed columns and runs: it never becomes an object for each of its `rows` or cells.

    Made without validation, which would cost more than scoring did; readers validate it as they do every event.
    """

    rows: int

    def as_json(self) -> bytes:
        return self._json

    @cached_property
    def _json(self) -> bytes:
        fields: dict[str, Any] = {name: getattr(self, name) for name in ("keys", "observed_at", "inputs", "outputs")}
        of_what = {"endpoint": self.endpoint.model_dump(), "package": self.package.model_dump()}
        return orjson.dumps({**of_what, **fields})


def blocks_of(
    endpoint: EndpointRef, instance: str, scored: Sequence[ScoredRows], features: Collection[str] | None = None
) -> Iterator[CapturedBlock | None]:
    """Rows of one kind share a block. `features` names the inputs that may leave; None lets all.

    None is a moment to do something else, for a block takes longer than a request should wait.

    While two versions take turns, blocks of consecutive rows would hold a row or two each.
    """
    by_kind: dict[object, list[ScoredRows]] = {}
    for rows in scored:
        by_kind.setdefault(kind_of(rows.version, rows.arrays, rows.outputs), []).append(rows)
    for same in by_kind.values():
        together = joined(same)
        yield None
        yield from _of_kind(endpoint, instance, together, features)


def _of_kind(
    endpoint: EndpointRef, instance: str, scored: ScoredRows, features: Collection[str] | None
) -> Iterator[CapturedBlock | None]:
    most_rows = max(1, MOST_CELLS // _width(scored.version))
    for low in range(0, scored.rows, most_rows):
        part = scored.cut(low, min(low + most_rows, scored.rows))
        columns: dict[str, Any] = {
            "rows": part.rows,
            "keys": _keys(instance, part.runs),
            "observed_at": _moments(part.runs),
            "inputs": {},
            "outputs": {},
        }
        yield None
        yield from _fill(columns["inputs"], _inputs(part, features), part.rows)
        yield from _fill(columns["outputs"], _outputs(part), part.rows)
        block = CapturedBlock.model_construct(endpoint=endpoint, package=part.version.package, **columns)
        yield None
        block.as_json()
        yield block


def _fill(found: Columns, columns: Iterator[Column], rows: int) -> Iterator[None]:
    """With pauses."""
    cells = 0
    for name, column in columns:
        found[name] = column
        cells += rows
        if cells >= _CELLS_AT_A_TIME:
            yield None
            cells = 0


def _width(version: Version) -> int:
    specs = (*version.session.inputs, *version.session.outputs)
    widths = [(_columns_in(spec.shape), _CELLS_OF_TEXT if spec.datatype == "BYTES" else 1) for spec in specs]
    return 2 * _CELLS_OF_TEXT + sum(width * weight for width, weight in widths if width <= WIDEST)


def _columns_in(shape: Sequence[int]) -> int:
    return prod([abs(size) for size in shape[1:]])


def _keys(instance: str, runs: Sequence[ScoredRun]) -> list[str | KeyCells]:
    """As few runs of keys as they make: one for a request, one for all requests of one row that follow each other."""
    found: list[str | KeyCells] = []
    for run in runs:
        if not run.marks:
            _add_singles(found, instance, run.first, run.rows)
        for number, mark in enumerate(run.marks, run.first):
            if mark.keys is not None:
                found += mark.keys
                continue
            stem = mark.identity or f"{instance}-{number}"
            found.append({"before": f"{stem}-", "first": mark.start, "count": mark.rows, "after": ""})
    return found


def _add_singles(found: list[str | KeyCells], instance: str, first: int, count: int) -> None:
    """Rows of requests that had no other: they follow the last ones, if those end where these begin."""
    last = found[-1] if found else None
    if isinstance(last, dict) and last["after"] and last["first"] + last["count"] == first:
        last["count"] += count
    else:
        found.append({"before": f"{instance}-", "first": first, "count": count, "after": "-0"})


def _moments(runs: Sequence[ScoredRun]) -> list[Any]:
    """Times, runs of them, or a caller's own times: rows that were counted together share one moment."""
    found: list[Any] = []
    for run in runs:
        if any([mark.observed_at for mark in run.marks]):
            for mark in run.marks:
                found += mark.observed_at or _same(run.scored_at, mark.rows)
        else:
            found += _same(run.scored_at, run.rows)
    return found


def _same(at: datetime, count: int) -> tuple[Any, ...]:
    return ({"at": at, "count": count},) if count > 1 else (at,) * count


def _inputs(rows: ScoredRows, features: Collection[str] | None) -> Iterator[Column]:
    arrays = rows.version.layout.columns(rows.arrays)
    for spec in rows.version.session.inputs:
        if features is None or spec.name in features:
            yield from _columns(spec, arrays[spec.name])


def _outputs(rows: ScoredRows) -> Iterator[Column]:
    for spec, output in zip(rows.version.session.outputs, rows.outputs, strict=True):
        yield from _columns(spec, output)


def _columns(spec: TensorSpec, array: Array) -> Iterator[Column]:
    """`name` for one value per row, `name[0]`, `name[1]`, ... for a small vector, nothing for anything wider."""
    if not array.size:
        return
    if array.size == len(array):
        yield spec.name, _cells(array.reshape(-1))
    elif array.size <= len(array) * WIDEST:
        by_column = np.ascontiguousarray(array.reshape(len(array), -1).T)
        for index, column in enumerate(by_column):
            yield f"{spec.name}[{index}]", _cells(column)


def _cells(values: Array) -> dict[str, str] | list[Any]:
    """Texts and truths as they are, numbers packed; integers become numbers, as an event has them."""
    if values.dtype.kind in "Ob":
        return list(values.tolist())
    dtype = "<f4" if values.dtype.kind == "f" and values.itemsize <= 4 else "<f8"
    packed = b2a_base64(np.ascontiguousarray(values, dtype), newline=False).decode("ascii")
    return {"datatype": "FP32" if dtype == "<f4" else "FP64", "base64": packed}
