"""What goes into a model, from the columns of a file; what is wrong with a row is told with the field at fault."""

from collections.abc import Iterator, Sequence
from math import prod

import numpy as np
import pyarrow

from services.scoring.files.columns import cells_of, plain
from services.scoring.files.problems import Problems
from services.scoring.files.referred import ReferredFiles, tensors_by_path, texts_by_path
from services.scoring.files.sources import Source, Sources
from services.scoring.files.tensors import Tensors, tensors_of
from services.scoring.files.text_format import TextFormat
from services.scoring.protocol.layout import Block, Layout
from shared.packages import Feature, Signature
from shared.ports.models.inference import Array

# Of what goes into the model at once, where a row may be an image.
_MOST_BYTES = 64 << 20
# Rows whose files are in memory at once, where nobody knows beforehand how large they are.
_FILES_AT_ONCE = 256

# By row, the field at fault and the reason.
type Wrong = dict[int, tuple[str, str]]
type Values = Array | Tensors


class InputColumns:
    """Of files of one schema. Raises `NotScorable` for one that lacks a column, or has another kind of it."""

    def __init__(
        self, layout: Layout, signature: Signature, schema: pyarrow.Schema, text: TextFormat | None,
        files: ReferredFiles | None,
    ) -> None:  # fmt: skip
        sources = Sources(signature, schema, text, files)
        self._text, self._files = text, files
        self._blocks = [(block, [sources.of(spec) for spec in block.specs]) for block in layout.blocks]
        found = [source for _, block in self._blocks for source in block]
        self.used = {column for source in found for column in source.columns}
        self.rows_at_once = _FILES_AT_ONCE if any(source.is_path for source in found) else None
        if files is not None:
            files.check_used({column for source in found if source.is_path for column in source.columns})

    def read(self, table: pyarrow.Table, wrong: Wrong) -> list[Values]:
        """For each block of the layout; what is wrong with a row is added to `wrong`, and its values are of no use."""
        return [self._block(block, sources, table, wrong) for block, sources in self._blocks]

    def _block(self, block: Block, sources: Sequence[Source], table: pyarrow.Table, wrong: Wrong) -> Values:
        if block.wide and not sources[0].is_matrix:
            return self._tensors(sources[0], table, wrong)
        columns = [
            self._cells(source, feature, table.column(name), wrong)
            for source in sources
            for feature, name in zip(source.features, source.columns, strict=True)
        ]
        return np.stack(columns, axis=1 if block.wide else 0)

    def _cells(self, source: Source, feature: Feature, column: pyarrow.ChunkedArray, wrong: Wrong) -> Array:
        problems: Problems = {}
        values = plain(column)
        if source.is_path and self._files is not None:
            values = texts_by_path(values, self._files, problems)
        cells = cells_of(source.spec.datatype, feature.nullable, values, self._text)
        _tell(wrong, feature, cells.problems | problems)
        return cells.values

    def _tensors(self, source: Source, table: pyarrow.Table, wrong: Wrong) -> Tensors:
        feature, values = source.features[0], plain(table.column(source.columns[0]))
        if source.is_path and self._files is not None:
            found = tensors_by_path(source.spec, feature.nullable, values, self._files)
        else:
            found = tensors_of(source.spec, feature.nullable, values)
        _tell(wrong, feature, found.problems)
        return found

    def runs(self, values: Sequence[Values], rows: Array) -> Iterator[tuple[Array, list[Array]]]:
        """Those of the rows that go into the model together, with an array for each block.

        Where an input leaves a size free, rows of one size go together. `rows` are those that nothing is wrong with.
        """
        for group in _alike([each for each in values if isinstance(each, Tensors)], rows):
            most = len(group)
            for each in values:
                if isinstance(each, Tensors):
                    most = min(most, max(1, _MOST_BYTES // _row_bytes(each, int(group[0]))))
            for at in range(0, len(group), most):
                part = group[at : at + most]
                yield part, [_picked(*each, part) for each in zip(self._blocks, values, strict=True)]


def _tell(wrong: Wrong, feature: Feature, problems: Problems) -> None:
    for row, reason in problems.items():
        wrong.setdefault(row, (feature.name, reason))


def _alike(tensors: Sequence[Tensors], rows: Array) -> list[Array]:
    """Rows of the same shapes."""
    if not tensors or not len(rows):
        return [rows] if len(rows) else []
    groups: dict[tuple[tuple[int, ...], ...], list[int]] = {}
    for row in rows.tolist():
        groups.setdefault(tuple(each.shapes[row] for each in tensors), []).append(row)
    return [np.array(group, np.int64) for group in groups.values()]


def _row_bytes(tensors: Tensors, row: int) -> int:
    return max(1, prod(tensors.shapes[row]) * tensors.values.itemsize)


def _picked(block: tuple[Block, Sequence[Source]], values: Values, rows: Array) -> Array:
    if isinstance(values, Tensors):
        return values.together(rows)
    axis = block[0].row_axis
    return values if len(rows) == values.shape[axis] else values.take(rows, axis)
