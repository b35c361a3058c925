"""What goes into a model."""

from typing import Literal, Self

from pydantic import Field, model_validator

from shared.packages.signature.strict import FLOATS, Category, ColumnName, Datatype, Shape, Strict, words

type Kind = Literal["numeric", "categorical", "text", "image", "embedding", "timestamp"]


class Feature(Strict):
    """A column of a matrix [N, F]. A null goes in as NaN (floats) or as empty text (BYTES)."""

    name: ColumnName
    kind: Kind = "numeric"
    categories: tuple[Category, ...] | None = Field(default=None, max_length=10_000)
    nullable: bool = False

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.categories is not None and self.kind != "categorical":
            raise ValueError(f"a {self.kind} input has no categories")
        return self


class InputColumn(Feature):
    """One tensor of the graph, called `name` in requests and files, and `tensor` in the graph where that differs.

    `features` names the columns of a matrix of shape [N, F], in its order: in files and captures each has its own, in
    requests a row may name them. The first dimension is -1, or 1 for a graph that takes one row at a time.
    """

    datatype: Datatype
    tensor: ColumnName | None = None
    shape: Shape = Field(default=(-1, 1), min_length=1, max_length=8)
    features: tuple[Feature, ...] | None = Field(default=None, min_length=1, max_length=10_000)

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        check_shape(self.shape)
        if self.kind == "text" and self.datatype in FLOATS:
            raise ValueError("a text has datatype BYTES, or an integer one for its tokens")
        if self.kind in ("numeric", "image", "embedding") and self.datatype == "BYTES":
            raise ValueError(f"a {self.kind} input cannot have datatype BYTES")
        if any(each.nullable for each in self.columns) and self.datatype not in (*FLOATS, "BYTES"):
            raise ValueError(f"datatype {self.datatype} has no null")
        if self.features is not None and self.shape[1:] != (len(self.features),):
            raise ValueError(
                f"{len(self.features)} features make shape [N, {len(self.features)}], found {words(self.shape)}"
            )
        return self

    @property
    def graph_name(self) -> str:
        return self.tensor or self.name

    @property
    def columns(self) -> tuple[Feature, ...]:
        """As files have them: its features, or itself."""
        return self.features or (self,)


def check_shape(shape: Shape) -> None:
    """Raises `ValueError` unless the first dimension is that of the rows and the others are sizes."""
    if shape[0] not in (-1, 1):
        raise ValueError(f"the first dimension is that of the rows: -1, or 1 for one row at a time; found {shape[0]}")
    if any(size != -1 and size < 1 for size in shape[1:]):
        raise ValueError(f"a dimension is -1 or at least 1, found {words(shape)}")
