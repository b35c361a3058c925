"""The graph on the rows, by ONNX Runtime as in production."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from function_app.model_builder.errors import CannotBuild

_ROWS_AT_ONCE = 4_096


class Graph:
    """One graph, ready to run."""

    def __init__(self, model: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 4  # what it would warn of, shapes for one, is looked at here
        try:
            self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime names no base of what it raises
            raise CannotBuild(f"ONNX Runtime cannot load the graph: {str(error)[:500]}") from error
        self.outputs = [each.name for each in self._session.get_outputs()]

    def run(self, feeds: Mapping[str, NDArray[Any]], row_by_row: bool = False) -> dict[str, NDArray[Any]]:
        """All rows: [N, ...] for each output, or an array of objects where rows come out in different sizes."""
        parts = [(places, self.once(part)) for places, part in _parts(feeds, 1 if row_by_row else _ROWS_AT_ONCE)]
        rows = len(next(iter(feeds.values())))
        return {name: _joined(rows, [(places, part[name]) for places, part in parts]) for name in self.outputs}

    def once(self, feeds: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """In one run; raises `CannotBuild`."""
        try:
            found = self._session.run(None, dict(feeds))
        except Exception as error:  # ONNX Runtime names no base of what it raises
            raise CannotBuild(f"the graph does not run on the data: {str(error)[:500]}") from error
        rows = len(next(iter(feeds.values())))
        for name, values in zip(self.outputs, found, strict=True):
            if not isinstance(values, np.ndarray):
                raise CannotBuild(f"output {name!r} is no tensor ({type(values).__name__}): leave it out of the graph")
            if values.shape[:1] != (rows,):
                raise CannotBuild(
                    f"output {name!r} has shape {list(values.shape)} for {rows} rows: one for each is needed"
                )
        return dict(zip(self.outputs, found, strict=True))


def _parts(feeds: Mapping[str, NDArray[Any]], most: int) -> Iterator[tuple[Sequence[int], dict[str, NDArray[Any]]]]:
    """Rows that can be run together, with their places: those whose sizes are the same."""
    for places in _alike(feeds):
        for start in range(0, len(places), most):
            chosen = places[start : start + most]
            yield chosen, {name: _stacked(cells, chosen) for name, cells in feeds.items()}


def _alike(feeds: Mapping[str, NDArray[Any]]) -> list[Sequence[int]]:
    rows = len(next(iter(feeds.values())))
    ragged = [cells for cells in feeds.values() if _is_ragged(cells)]
    if not ragged:
        return [range(rows)]
    found: dict[object, list[int]] = {}
    for row in range(rows):
        found.setdefault(tuple(cells[row].shape for cells in ragged), []).append(row)
    return list(found.values())


def _is_ragged(cells: NDArray[Any]) -> bool:
    return cells.dtype == np.object_ and len(cells) > 0 and isinstance(cells.flat[0], np.ndarray)


def _stacked(cells: NDArray[Any], places: Sequence[int]) -> NDArray[Any]:
    return np.stack([cells[place] for place in places]) if _is_ragged(cells) else cells[list(places)]


def _joined(rows: int, parts: Sequence[tuple[Sequence[int], NDArray[Any]]]) -> NDArray[Any]:
    shapes = {part.shape[1:] for _, part in parts}
    if len(shapes) == 1:
        first = parts[0][1]
        whole = np.empty((rows, *first.shape[1:]), dtype=first.dtype)
        for places, part in parts:
            whole[list(places)] = part
        return whole
    found = np.empty(rows, dtype=object)
    for places, part in parts:
        for place, row in zip(places, part, strict=True):
            found[place] = row
    return found
