"""`signature.json` as a whole."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from shared.packages.signature import format1
from shared.packages.signature.inputs import Feature, InputColumn
from shared.packages.signature.outputs import OutputColumn
from shared.packages.signature.strict import Category, ColumnName, ExtraFile, Strict, words
from shared.tasks import TASKS, About, Answered, Array, Task

# The column of `reference.parquet` that holds the watched answers of the model.
PREDICTION = "prediction"
# The column of `reference.parquet` that says of a row whether the model was trained on it.
TRAINED = "trained"


class Signature(Strict):
    """The model's inputs and outputs by name, and what they mean.

    `labels` names the columns of the truth in `reference.parquet`, `groups` its columns by which bias is checked.
    `classes` are what a label can be, in the order of the probabilities, and `positive` the one that a binary question
    is about, by default the last. `files` are what belongs to the package beside its seven files: data of the graph
    that lies outside of `model.onnx`, and a team's own checks in `tests/`. Format 1 is read as well.
    """

    format: Literal[2]
    task: str
    inputs: tuple[InputColumn, ...] = Field(min_length=1, max_length=1_000)
    outputs: tuple[OutputColumn, ...] = Field(min_length=1, max_length=100)
    labels: tuple[ColumnName, ...] = Field(min_length=1, max_length=1_000)
    groups: tuple[ColumnName, ...] = Field(default=(), max_length=20)
    classes: tuple[Category | int, ...] | None = Field(default=None, min_length=2, max_length=10_000)
    positive: Category | int | None = None
    files: tuple[ExtraFile, ...] = Field(default=(), max_length=100)

    @model_validator(mode="before")
    @classmethod
    def _of_any_format(cls, data: Any) -> Any:
        return format1.upcast(data) if isinstance(data, dict) and "format" not in data else data

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        self._check_task()
        self._check_names()
        self._check_classes()
        firsts = {each.shape[0] for each in self.inputs} | {each.shape[0] for each in self.outputs}
        if len(firsts) > 1:
            raise ValueError("shape: either all tensors begin with -1, or all with 1 (one row at a time)")
        return self

    def _check_task(self) -> None:
        task = TASKS.get(self.task)
        if task is None:
            known = ", ".join(sorted(name for name, each in TASKS.items() if not each.refused))
            raise ValueError(f"task: {self.task!r} is not known; there are {known}")
        if task.refused:
            raise ValueError(f"task: a model for {self.task} is no package: {task.refused}")
        if not any(output.role in task.answered_by for output in self.outputs):
            raise ValueError(f"outputs: {self.task} needs one with role {' or '.join(task.answered_by)}")

    def _check_names(self) -> None:
        columns = [each.name for each in self.columns]
        tensors = {each.name for each in self.inputs if each.features}
        _once([*columns, *tensors, *(each.name for each in self.outputs)])
        for names in ([each.graph_name for each in self.inputs], [each.graph_name for each in self.outputs]):
            _once(names)
        _once(self.labels)
        _once(self.files)
        for label in self.labels:
            if label in columns:
                raise ValueError(f"label {label!r} is an input")
        for reserved in (PREDICTION, TRAINED):
            if reserved in {*self.labels, *columns}:
                raise ValueError(f"{reserved!r} is a column of reference.parquet with a meaning of its own")

    def _check_classes(self) -> None:
        if self.classes is not None:
            _once(self.classes)
        if self.positive is not None and self.positive not in (self.classes or ()):
            raise ValueError(f"positive: {self.positive!r} is not one of the classes")
        for each in self.outputs:
            if each.role == "probabilities" and self.classes and each.shape[-1] not in (-1, len(self.classes)):
                count = len(self.classes)
                raise ValueError(f"{each.name!r} has shape {words(each.shape)}; {count} classes end it in {count}")

    @property
    def task_kind(self) -> Task:
        return TASKS[self.task]

    @property
    def columns(self) -> tuple[Feature, ...]:
        """Of all inputs, as files and captures have them."""
        return tuple(column for each in self.inputs for column in each.columns)

    @property
    def input_names(self) -> tuple[str, ...]:
        """Of the columns."""
        return tuple(column.name for column in self.columns)

    @property
    def watched(self) -> OutputColumn:
        """The output that is watched."""
        return next(out for role in self.task_kind.answered_by for out in self.outputs if out.role == role)

    @property
    def prediction(self) -> str:
        """The name of the watched output."""
        return self.watched.name

    def about(self, threshold: float = 0.5) -> About:
        """What figures depend on; `threshold` turns a probability into a decision."""
        return About(self.classes or (), self.positive, self.labels, self.watched.quantiles or (), threshold)

    @property
    def watched_kind(self) -> Literal["numeric", "categorical"]:
        """Of the column that is watched."""
        return "categorical" if self.watched.role in self.task_kind.by_name else "numeric"

    def watch(self, outputs: Mapping[str, Array]) -> Array:
        """The column that is watched, a cell for each row, of outputs by name: numbers, or classes by name."""
        output = self.watched
        if output.role is None:
            raise ValueError("outputs: what is watched has a role")
        return self.task_kind.watch(
            Answered(
                outputs[output.name],
                output.role,
                classes=self.classes or (),
                positive=self.positive,
                quantiles=output.quantiles or (),
                has_targets=output.targets is not None,
            )
        )

    @property
    def label(self) -> str:
        """The column of the truth, or the first of several."""
        return self.labels[0]

    @property
    def is_row_by_row(self) -> bool:
        """Whether the graph takes one row at a time."""
        return self.inputs[0].shape[0] == 1


def _once(names: Iterable[object]) -> None:
    seen = set[object]()
    for name in names:
        if name in seen:
            raise ValueError(f"{name!r} names two columns")
        seen.add(name)
