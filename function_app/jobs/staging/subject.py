"""What is judged: a package, what its model answered in the sandbox, and the production rows it is judged on."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from function_app.jobs.rows import LabelledRows
from function_app.jobs.sandbox import Ran, Sandbox
from function_app.jobs.tables import Columns, feeds, stacked
from shared.packages import PREDICTION, ModelPackage, Signature

type Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Tables:
    """A package's own rows. `golden` holds inputs and outputs, `reference` inputs, `prediction`, label and groups."""

    golden: Columns
    reference: Columns

    @classmethod
    def of(cls, signature: Signature, files: dict[str, bytes], sandbox: Sandbox) -> "Tables":
        """Raises `NotAPackage` naming the file and the column."""
        names = list(signature.input_names)
        outputs = [output.name for output in signature.outputs]
        more = [PREDICTION, signature.label, *signature.groups]
        return cls(
            golden=sandbox.table("golden.parquet", files["golden.parquet"], names + outputs),
            reference=sandbox.table("reference.parquet", files["reference.parquet"], names + more),
        )


@dataclass(frozen=True, slots=True)
class Subject:
    """The candidate after its run. Predictions are those of the monitored output, row by row."""

    package: ModelPackage
    tables: Tables
    rows: LabelledRows
    ran: Ran

    def _cut(self, name: str, first: int, rows: int) -> NDArray[Any]:
        return self.ran.arrays[name][first : first + rows]

    @property
    def _golden_rows(self) -> int:
        return len(self.tables.golden[self.package.signature.prediction])

    @property
    def _reference_rows(self) -> int:
        return len(self.tables.reference[PREDICTION])

    def golden(self, output: str) -> NDArray[Any]:
        return self._cut(output, 0, self._golden_rows)

    @property
    def on_reference(self) -> Floats:
        name = self.package.signature.prediction
        return self._cut(name, self._golden_rows, self._reference_rows).astype(np.float64).reshape(-1)

    @property
    def on_rows(self) -> Floats:
        first = self._golden_rows + self._reference_rows
        cut = self._cut(self.package.signature.prediction, first, len(self.rows))
        return cut.astype(np.float64).reshape(-1)


def run_candidate(
    package: ModelPackage, files: dict[str, bytes], tables: Tables, rows: LabelledRows, sandbox: Sandbox
) -> Subject:
    """All its rows in one process. Raises `ModelFailed`, or `ValueError` for cells that its inputs cannot take."""
    parts = [feeds(package.signature, columns) for columns in (tables.golden, tables.reference)]
    if len(rows):
        parts.append(feeds(package.signature, rows.columns))
    return Subject(package, tables, rows, sandbox.run(files, stacked(parts)))


def predict(package: ModelPackage, files: dict[str, bytes], rows: LabelledRows, sandbox: Sandbox) -> Floats:
    """What the champion answers to the same rows; raises as `run_candidate` does."""
    ran = sandbox.run(files, feeds(package.signature, rows.columns))
    return ran.arrays[package.signature.prediction].astype(np.float64).reshape(-1)
