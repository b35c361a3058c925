"""What is judged: a package, what its model answered in the sandbox, and the production rows it is judged on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from function_app.jobs.rows import LabelledRows
from function_app.jobs.sandbox import Sandbox
from function_app.jobs.tables import Columns, Feeds, feeds, stacked
from shared.packages import PREDICTION, TRAINED, ModelPackage, Signature
from shared.tasks import About, Answers, Role

type Outputs = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Tables:
    """A package's own rows. `golden` holds inputs and outputs, `reference` inputs, `prediction`, labels and groups."""

    golden: Columns
    reference: Columns

    @classmethod
    def of(cls, signature: Signature, files: Mapping[str, bytes], sandbox: Sandbox) -> "Tables":
        """Raises `NotAPackage` naming the file and the column."""
        names = list(signature.input_names)
        outputs = [output.name for output in signature.outputs]
        more = [PREDICTION, *signature.labels, *signature.groups]
        return cls(
            golden=sandbox.table("golden.parquet", files["golden.parquet"], names + outputs),
            reference=sandbox.table("reference.parquet", files["reference.parquet"], names + more, [TRAINED]),
        )


@dataclass(frozen=True, slots=True)
class Part:
    """Rows with their columns and what the model answered to them: outputs by name, [N, ...]."""

    columns: Columns
    outputs: Outputs
    labels: Sequence[Any]

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, slots=True)
class Subject:
    """The candidate after its run, on its golden rows, its reference rows and on production rows."""

    package: ModelPackage
    golden: Part
    reference: Part
    production: Part

    @property
    def parts(self) -> tuple[Part, ...]:
        return (self.golden, self.reference, self.production)


def labels_of(signature: Signature, columns: Columns) -> list[Any]:
    """A cell for each row, a tuple where several columns are the truth."""
    if len(signature.labels) == 1:
        return list(columns[signature.label])
    return list(zip(*(columns[name] for name in signature.labels), strict=True))


def by_role(signature: Signature, outputs: Outputs) -> dict[Role, NDArray[Any]]:
    """The first output of each role."""
    found: dict[Role, NDArray[Any]] = {}
    for each in signature.outputs:
        if each.role is not None:
            found.setdefault(each.role, outputs[each.name])
    return found


def answers(signature: Signature, part: Part, about: About, keep: NDArray[Any] | None = None) -> Answers:
    """Of all rows of the part, or of those to `keep`; all of them must have a truth."""
    outputs, labels = part.outputs, list(part.labels)
    if keep is not None:
        outputs = {name: cells[keep] for name, cells in outputs.items()}
        labels = [labels[row] for row in keep]
    truth = [signature.task_kind.truth(cell, about) for cell in labels]
    return Answers(truth, by_role(signature, outputs), about)


def run_candidate(
    package: ModelPackage, files: Mapping[str, bytes], tables: Tables, rows: LabelledRows, sandbox: Sandbox
) -> Subject:
    """All its rows in one process. Raises `ModelFailed`, or `ValueError` for cells that its inputs cannot take."""
    signature = package.signature
    sources: list[tuple[str, Columns]] = [("golden.parquet", tables.golden), ("reference.parquet", tables.reference)]
    parts = [_fed(signature, file, columns) for file, columns in sources]
    if len(rows):
        parts.append(_fed(signature, "production rows", rows.columns))
    outputs = sandbox.run(files, stacked(parts))
    sizes = [len(next(iter(part.values()))) for part in parts]
    starts = [sum(sizes[:at]) for at in range(len(sizes))]
    cut = [
        {name: cells[start : start + size] for name, cells in outputs.items()}
        for start, size in zip(starts, sizes, strict=True)
    ]
    nothing = {name: cells[:0] for name, cells in outputs.items()}
    return Subject(
        package,
        Part(tables.golden, cut[0], [None] * sizes[0]),
        Part(tables.reference, cut[1], labels_of(signature, tables.reference)),
        Part(rows.columns, cut[2] if len(cut) > 2 else nothing, list(rows.labels)),
    )


def _fed(signature: Signature, file: str, columns: Columns) -> Feeds:
    try:
        return feeds(signature, columns)
    except ValueError as error:
        raise ValueError(f"{file}, {error}") from error


def predict(package: ModelPackage, files: Mapping[str, bytes], rows: Part, sandbox: Sandbox) -> Part:
    """What the champion answers to the same rows; raises as `run_candidate` does."""
    outputs = sandbox.run(files, feeds(package.signature, rows.columns))
    return Part(rows.columns, outputs, rows.labels)
