"""A chunk of rows through the core that answers requests: the same layout, the same checks, the same session."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow

from services.scoring.files.columns import cells_of, check_type
from services.scoring.files.reading import NotScorable
from services.scoring.model.version import Version
from services.scoring.protocol.layout import DTYPES, Block, is_feature
from services.scoring.protocol.tensors import check_numbers
from shared.ports.models.inference import Array, InferenceFailed, TensorSpec

ROW = "row"
# A reason that is about the values of a row together.
_MODEL = ""
REJECTED = pyarrow.schema([(ROW, pyarrow.int64()), ("field", pyarrow.string()), ("reason", pyarrow.string())])

type _Answered = tuple[Array, Sequence[Array] | str]


@dataclass(frozen=True, slots=True)
class ScoredChunk:
    """`scored` has the row's number in the file (from 0), the columns that are no inputs, and the model's outputs.

    `rejected` has the row's number, the field at fault ("" for the model itself) and the reason. Each row is in one.
    """

    scored: pyarrow.Table
    rejected: pyarrow.Table

    def by_field(self) -> dict[str, int]:
        """Rejected rows by the field at fault."""
        return dict(Counter(self.rejected.column("field").to_pylist()))


class ChunkScorer:
    """For one version and files of one schema; raises `NotScorable` where such a file cannot be scored at all."""

    def __init__(self, version: Version, schema: pyarrow.Schema, from_text: bool = False) -> None:
        self._layout, self._session = version.layout, version.session
        self._from_text = from_text
        inputs = self._layout.specs
        for name, spec in inputs.items():
            if name not in schema.names:
                raise NotScorable(f"column {name}: it is missing; the model takes datatype {spec.datatype}")
            check_type(spec, schema.field(name).type, from_text)
        self._carried = [name for name in schema.names if name not in inputs]
        outputs = [(spec.name, _arrow_type(spec)) for spec in self._session.outputs]
        for name in self._carried:
            if name in {ROW, *(output for output, _ in outputs)}:
                raise NotScorable(f"column {name}: the result has a column of this name; rename it or leave it out")
        carried = [schema.field(name) for name in self._carried]
        self.schema = pyarrow.schema([(ROW, pyarrow.int64()), *carried, *outputs])

    def score(self, table: pyarrow.Table, first_row: int) -> ScoredChunk:
        """`first_row` is the number of the chunk's first row in its file."""
        wrong: dict[int, tuple[str, str]] = {}
        arrays = [self._block(block, table, wrong) for block in self._layout.blocks]
        good = np.array([row for row in range(table.num_rows) if row not in wrong], np.int64)
        if wrong:
            arrays = self._layout.pick(arrays, good)
        check_numbers(self._layout, arrays)
        kept: list[Array] = []
        parts: list[Sequence[Array]] = []
        for rows, found in self._answers(arrays, good) if len(good) else ():
            if isinstance(found, str):
                wrong[int(rows[0])] = (_MODEL, f"the model does not run on these values: {found}")
            else:
                kept.append(rows)
                parts.append(found)
        return ScoredChunk(self._scored(table, first_row, kept, parts), _rejected(wrong, first_row))

    def _block(self, block: Block, table: pyarrow.Table, wrong: dict[int, tuple[str, str]]) -> Array:
        columns = []
        for spec, nullable in zip(block.specs, block.nullable, strict=True):
            cells = cells_of(spec, nullable, table.column(spec.name), self._from_text)
            for row, reason in cells.problems.items():
                wrong.setdefault(row, (spec.name, reason))
            columns.append(cells.values)
        return columns[0] if block.wide else np.stack(columns)

    def _answers(self, arrays: Sequence[Array], rows: Array) -> Iterator[_Answered]:
        """Outputs of all rows together, or, where the model does not run on some, of ever smaller parts of them."""
        try:
            found = self._session.run(self._layout.columns([np.ascontiguousarray(each) for each in arrays]))
        except InferenceFailed as error:
            if len(rows) == 1:
                yield rows, str(error)
                return
            middle = len(rows) // 2
            for part in (slice(0, middle), slice(middle, None)):
                yield from self._answers(self._layout.pick(arrays, np.arange(len(rows))[part]), rows[part])
            return
        for spec, output in zip(self._session.outputs, found, strict=True):
            if len(output) != len(rows):
                raise NotScorable(f"the model's output {spec.name} has {len(output)} rows for {len(rows)}")
        yield rows, found

    def _scored(
        self, table: pyarrow.Table, first_row: int, kept: Sequence[Array], parts: Sequence[Sequence[Array]]
    ) -> pyarrow.Table:
        if not kept:
            return self.schema.empty_table()
        rows = np.concatenate(kept)
        carried = table.select(self._carried).take(pyarrow.array(rows))
        kinds = self.schema.types[1 + len(self._carried) :]
        together = map(np.concatenate, zip(*parts, strict=True))
        outputs = [_arrow(output, kind) for output, kind in zip(together, kinds, strict=True)]
        columns = [pyarrow.array(rows + first_row), *carried.columns, *outputs]
        return pyarrow.Table.from_arrays(columns, schema=self.schema)


def _rejected(wrong: dict[int, tuple[str, str]], first_row: int) -> pyarrow.Table:
    rows = [{ROW: row + first_row, "field": field, "reason": reason} for row, (field, reason) in sorted(wrong.items())]
    return pyarrow.Table.from_pylist(rows, schema=REJECTED)


def _arrow_type(spec: TensorSpec) -> pyarrow.DataType:
    kind = pyarrow.string() if spec.datatype == "BYTES" else pyarrow.from_numpy_dtype(DTYPES[spec.datatype])
    return kind if is_feature(spec) else pyarrow.list_(kind)


def _arrow(output: Array, kind: pyarrow.DataType) -> pyarrow.Array:
    flat = output.reshape(-1)
    if not pyarrow.types.is_list(kind):
        return pyarrow.array(flat, kind)
    width = output.size // len(output)
    offsets = pyarrow.array(np.arange(len(output) + 1, dtype=np.int32) * width)
    return pyarrow.ListArray.from_arrays(offsets, pyarrow.array(flat, kind.value_type))
