"""`signature.json`: what goes into the model, what comes out, and what is watched."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

# Data types of the Open Inference Protocol v2 that a package may use.
Datatype = Literal["BOOL", "INT32", "INT64", "FP32", "FP64", "BYTES"]
ColumnName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")]
Category = Annotated[str, StringConstraints(min_length=1, max_length=256)]


# The column of `reference.parquet` that holds the monitored output of the model.
PREDICTION = "prediction"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class InputColumn(_Strict):
    """One feature: an ONNX input of shape [N, 1]. A null goes in as NaN (FP32, FP64) or as empty text (BYTES)."""

    name: ColumnName
    datatype: Datatype
    kind: Literal["numeric", "categorical"]
    categories: tuple[Category, ...] | None = Field(default=None, max_length=10_000)
    nullable: bool = False

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.kind == "numeric" and self.datatype == "BYTES":
            raise ValueError("a numeric input cannot have datatype BYTES")
        if self.kind == "numeric" and self.categories is not None:
            raise ValueError("a numeric input has no categories")
        if self.nullable and self.datatype not in ("FP32", "FP64", "BYTES"):
            raise ValueError(f"datatype {self.datatype} has no null")
        return self


class OutputColumn(_Strict):
    """One ONNX output; -1 stands for the number of rows."""

    name: ColumnName
    datatype: Datatype
    shape: tuple[int, ...] = Field(min_length=1, max_length=4)


class Signature(_Strict):
    """The model's inputs and outputs by name.

    `prediction` names the output that is monitored (for a classifier the probability of the positive class), `label`
    the column of the truth in `reference.parquet`, `groups` its columns by which bias is checked.
    """

    inputs: tuple[InputColumn, ...] = Field(min_length=1, max_length=1_000)
    outputs: tuple[OutputColumn, ...] = Field(min_length=1, max_length=100)
    prediction: ColumnName
    task: Literal["binary_classification"]
    label: ColumnName
    groups: tuple[ColumnName, ...] = Field(default=(), max_length=20)

    @model_validator(mode="after")
    def _names_agree(self) -> Self:
        names = [column.name for column in self.inputs] + [column.name for column in self.outputs]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"{twice[0]!r} names two columns")
        if self.prediction not in {output.name for output in self.outputs}:
            raise ValueError(f"prediction {self.prediction!r} is not an output")
        if self.label in {column.name for column in self.inputs}:
            raise ValueError(f"label {self.label!r} is an input")
        if PREDICTION in {self.label, *self.input_names}:
            raise ValueError(f"{PREDICTION!r} is the column of the model's answers in reference.parquet")
        return self

    @property
    def input_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.inputs)
