"""A session as its signature speaks of it: by its names, in its order and shapes, row by row where the graph must."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from services.scoring.protocol.layout import DTYPES
from shared.packages import InputColumn, Signature
from shared.packages.signature.strict import words
from shared.ports import Refused
from shared.ports.models.inference import Array, InferenceFailed, InferenceSession, OutputMisdeclared, TensorSpec

type Run = Callable[[Mapping[str, Array]], Sequence[Array]]


class SignedSession:
    """Takes and gives what `signature` says, by `name`; outputs of the graph that it leaves out are not answered.

    No answer has another shape than its data: `run` raises `OutputMisdeclared` for an output that is not as declared.
    """

    def __init__(self, session: InferenceSession, signature: Signature) -> None:
        """Raises `Refused` for a tensor that the graph has not got."""
        takes, gives = {spec.name: spec for spec in session.inputs}, [spec.name for spec in session.outputs]
        for side, columns, there in (("input", signature.inputs, takes), ("output", signature.outputs, gives)):
            for column in columns:
                if column.graph_name not in there:
                    raise Refused(f"model.onnx: {side} {column.name}: the graph has no {side} {column.graph_name!r}")
        self.inputs = tuple(_input(column, takes[column.graph_name]) for column in signature.inputs)
        self.outputs = tuple(TensorSpec(each.name, each.datatype, (-1, *each.shape[1:])) for each in signature.outputs)
        self._first = self.inputs[0].name
        self._inner = [spec.shape[1:] for spec in self.outputs]
        self._run: Run = session.run
        names = {column.name: column.graph_name for column in signature.inputs}
        places = [gives.index(each.graph_name) for each in signature.outputs]
        if any(name != inner for name, inner in names.items()) or places != list(range(len(gives))):
            self._run = _renamed(session, names, places)
        if signature.is_row_by_row:
            self._run = _row_by_row(self._run, self.outputs)

    def run(self, columns: Mapping[str, Array]) -> Sequence[Array]:
        found = self._run(columns)
        rows = len(columns[self._first])
        for array, inner in zip(found, self._inner, strict=True):
            if array.shape[1:] != inner or len(array) != rows:
                self._check(found, rows)
                break
        return found

    def _check(self, found: Sequence[Array], rows: int) -> None:
        for spec, array in zip(self.outputs, found, strict=True):
            wanted = (rows, *spec.shape[1:])
            fits = len(array.shape) == len(wanted) and all(
                size in (-1, is_there) for size, is_there in zip(wanted, array.shape, strict=True)
            )
            if not fits:
                raise OutputMisdeclared(
                    f"output {spec.name} came out in shape {list(array.shape)} for {rows} rows; signature.json says "
                    f"{words(spec.shape)}: both it and the graph must say what comes out, one row for each that goes in"
                )


def _input(column: InputColumn, spec: TensorSpec) -> TensorSpec:
    """A signature that says nothing of the shape leaves it to the graph, and else to the default."""
    shape = column.shape if "shape" in column.model_fields_set or not spec.shape else spec.shape
    return TensorSpec(column.name, column.datatype, (-1, *shape[1:]))


def _renamed(session: InferenceSession, names: Mapping[str, str], places: Sequence[int]) -> Run:
    def run(columns: Mapping[str, Array]) -> Sequence[Array]:
        found = session.run({inner: columns[name] for name, inner in names.items()})
        return [found[place] for place in places]

    return run


def _row_by_row(run_one: Run, outputs: Sequence[TensorSpec]) -> Run:
    """For a graph that takes one row: the answers of all rows are put together again."""

    def run(columns: Mapping[str, Array]) -> Sequence[Array]:
        rows = len(next(iter(columns.values())))
        if not rows:
            return [
                np.empty((0, *(max(size, 0) for size in each.shape[1:])), DTYPES[each.datatype]) for each in outputs
            ]
        parts = [run_one({name: array[row : row + 1] for name, array in columns.items()}) for row in range(rows)]
        try:
            return [np.concatenate(each) for each in zip(*parts, strict=True)]
        except ValueError as error:
            raise InferenceFailed(f"the answers of its rows have different shapes: {error}") from error

    return run
