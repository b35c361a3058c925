"""Packing scored rows into columnar events, many rows each."""

from binascii import b2a_base64
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
import orjson

from services.scoring.capture import ScoredRows
from services.scoring.layout import WIDEST, Layout
from services.scoring.version import Version
from shared.events import EndpointRef, PredictionsCaptured
from shared.ports.inference import Array, TensorSpec

# Cells in one event: a packed one has 5 to 11 bytes, a text counts as many. About half of the hub's limit of 1 MB, for
# sending a small event costs about as much as sending a large one.
MOST_CELLS = 40_000
_CELLS_OF_TEXT = 5

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
) -> Iterator[CapturedBlock]:
    """Rows of one version share a block. `features` names the inputs that may leave; None lets all.

    While two versions take turns, blocks of consecutive rows would hold a row or two each.
    """
    by_version: dict[int, list[ScoredRows]] = {}
    for rows in scored:
        by_version.setdefault(id(rows.version), []).append(rows)
    for same in by_version.values():
        yield from _of_version(endpoint, instance, same, features)


def _of_version(
    endpoint: EndpointRef, instance: str, scored: list[ScoredRows], features: Collection[str] | None
) -> Iterator[CapturedBlock]:
    version = scored[0].version
    for part in _parts(scored, max(1, MOST_CELLS // _width(version))):
        columns: dict[str, Any] = {
            "rows": sum([rows.rows for rows in part]),
            "keys": _keys(instance, part),
            "observed_at": _moments(part),
            "inputs": _inputs(version, part, features),
            "outputs": _outputs(version, part),
        }
        yield CapturedBlock.model_construct(endpoint=endpoint, package=version.package, **columns)


def _width(version: Version) -> int:
    specs = (*version.session.inputs, *version.session.outputs)
    widths = [(_columns_in(spec.shape), _CELLS_OF_TEXT if spec.datatype == "BYTES" else 1) for spec in specs]
    return 2 * _CELLS_OF_TEXT + sum(width * weight for width, weight in widths if width <= WIDEST)


def _columns_in(shape: Sequence[int]) -> int:
    return prod([abs(size) for size in shape[1:]])


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


def _keys(instance: str, part: list[ScoredRows]) -> list[str | KeyCells]:
    """As few runs as they make: one for a request, and one for all requests of one row that follow each other."""
    found: list[str | KeyCells] = []
    singles: KeyCells = {}
    for rows in part:
        for number, (identity, count, keys, _) in enumerate(rows.marks, rows.first):
            if keys is None and count == 1 and not identity:
                if singles and singles["first"] + singles["count"] == number:
                    singles["count"] += 1
                    continue
                singles = {"before": f"{instance}-", "first": number, "count": 1, "after": "-0"}
                found.append(singles)
                continue
            singles = {}
            if keys is not None:
                found += keys
            elif count:
                stem = identity or f"{instance}-{number}"
                found.append({"before": f"{stem}-", "first": 0, "count": count, "after": ""})
    return found


def _moments(part: list[ScoredRows]) -> list[Any]:
    """Times, runs, or a caller's own times: rows that were scored together share one moment."""
    found: list[Any] = []
    for rows in part:
        if any([observed_at for _, _, _, observed_at in rows.marks]):
            for _, count, _, observed_at in rows.marks:
                found += observed_at or _same(rows.scored_at, count)
        else:
            found += _same(rows.scored_at, rows.rows)
    return found


def _same(at: datetime, count: int) -> tuple[Any, ...]:
    return ({"at": at, "count": count},) if count > 1 else (at,) * count


def _inputs(version: Version, part: list[ScoredRows], features: Collection[str] | None) -> Columns:
    columns: Columns = {}
    arrays = _joined(version.layout, part)
    for spec in version.session.inputs:
        if features is None or spec.name in features:
            columns.update(_columns(spec, arrays[spec.name]))
    return columns


def _joined(layout: Layout, part: list[ScoredRows]) -> dict[str, Array]:
    """Wide tensors may differ in shape from run to run; those that do are too wide to be captured, and empty here."""
    return layout.columns(layout.join([rows.arrays for rows in part]))


def _outputs(version: Version, part: list[ScoredRows]) -> Columns:
    columns: Columns = {}
    for index, spec in enumerate(version.session.outputs):
        columns.update(_columns(spec, np.concatenate([rows.outputs[index] for rows in part])))
    return columns


def _columns(spec: TensorSpec, array: Array) -> Iterator[tuple[str, dict[str, str] | list[Any]]]:
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
