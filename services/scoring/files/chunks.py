"""A chunk of rows through the core that answers requests: the same layout and session, the same rules for a value."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow

from services.scoring.files.inputs import InputColumns, Wrong
from services.scoring.files.outputs import OutputColumns
from services.scoring.files.problems import NotScorable
from services.scoring.files.referred import ReferredFiles
from services.scoring.files.text_format import TextFormat
from services.scoring.model.version import Version
from shared.ports.models.inference import Array, InferenceFailed, OutputMisdeclared

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
    """For one version and files of one schema; raises `NotScorable` where such a file cannot be scored at all.

    `text` is how values are written in a file of texts; `prefix` stands before the names that the result adds; `files`
    has what columns of paths name.
    """

    def __init__(
        self, version: Version, schema: pyarrow.Schema, text: TextFormat | None = None, prefix: str = "",
        files: ReferredFiles | None = None,
    ) -> None:  # fmt: skip
        self._layout, self._session = version.layout, version.session
        self._inputs = InputColumns(version.layout, version.signature, schema, text, files)
        self._outputs = OutputColumns(version.session.outputs, prefix)
        self._carried = [name for name in schema.names if name not in self._inputs.used]
        row = pyarrow.field(prefix + ROW, pyarrow.int64())
        added = {row.name, *(each.name for each in self._outputs.fields)}
        for name in self._carried:
            if name in added:
                raise NotScorable(
                    f"column {name}: the result has a column of this name; leave it out, rename it, or have the "
                    "result's own begin with something else: --prefix model_"
                )
        self.schema = pyarrow.schema([row, *(schema.field(name) for name in self._carried), *self._outputs.fields])

    def score(self, table: pyarrow.Table, first_row: int) -> ScoredChunk:
        """`first_row` is the number of the chunk's first row in its file."""
        step = self._inputs.rows_at_once or max(1, table.num_rows)
        parts = [self._part(table[at : at + step], first_row + at) for at in range(0, max(1, table.num_rows), step)]
        if len(parts) == 1:
            return parts[0]
        return ScoredChunk(
            pyarrow.concat_tables([each.scored for each in parts]),
            pyarrow.concat_tables([each.rejected for each in parts]),
        )

    def _part(self, table: pyarrow.Table, first_row: int) -> ScoredChunk:
        wrong: Wrong = {}
        values = self._inputs.read(table, wrong)
        good = np.array([row for row in range(table.num_rows) if row not in wrong], np.int64)
        kept: list[Array] = []
        parts: list[Sequence[Array]] = []
        for together, arrays in self._inputs.runs(values, good):
            for rows, found in self._answers(arrays, together):
                if isinstance(found, str):
                    wrong[int(rows[0])] = (_MODEL, f"the model does not run on these values: {found}")
                else:
                    kept.append(rows)
                    parts.append(found)
        return ScoredChunk(self._scored(table, first_row, kept, parts), _rejected(wrong, first_row))

    def _answers(self, arrays: Sequence[Array], rows: Array) -> Iterator[_Answered]:
        """Outputs of all rows together, or, where the model does not run on some, of ever smaller parts of them."""
        try:
            found = self._session.run(self._layout.columns([np.ascontiguousarray(each) for each in arrays]))
        except OutputMisdeclared as error:
            raise NotScorable(f"the model's {error}") from error
        except InferenceFailed as error:
            if len(rows) == 1:
                yield rows, str(error)
                return
            middle = len(rows) // 2
            for part in (slice(0, middle), slice(middle, None)):
                yield from self._answers(self._layout.pick(arrays, np.arange(len(rows))[part]), rows[part])
            return
        yield rows, found

    def _scored(
        self, table: pyarrow.Table, first_row: int, kept: Sequence[Array], parts: Sequence[Sequence[Array]]
    ) -> pyarrow.Table:
        if not kept:
            return self.schema.empty_table()
        rows, outputs = np.concatenate(kept), self._outputs.columns(parts)
        if (np.diff(rows) < 0).any():  # of lists, those of one length went together
            order = np.argsort(rows)
            rows, outputs = rows[order], [output.take(pyarrow.array(order)) for output in outputs]
        carried = table.select(self._carried).take(pyarrow.array(rows))
        columns = [pyarrow.array(rows + first_row), *carried.columns, *outputs]
        return pyarrow.Table.from_arrays(columns, schema=self.schema)


def _rejected(wrong: Wrong, first_row: int) -> pyarrow.Table:
    rows = [{ROW: row + first_row, "field": field, "reason": reason} for row, (field, reason) in sorted(wrong.items())]
    return pyarrow.Table.from_pylist(rows, schema=REJECTED)
