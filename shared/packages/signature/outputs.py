"""What comes out of a model, and what it means."""

from typing import Self

from pydantic import Field, FiniteFloat, model_validator

from shared.packages.signature.inputs import check_shape
from shared.packages.signature.strict import FLOATS, ColumnName, Datatype, Shape, Strict, words
from shared.tasks import Role

# By role: how many dimensions beside the rows there may be, and what is expected in words.
_INNER: dict[Role, tuple[range, str]] = {
    "label": (range(3), "one class for each row [N], or one for each label [N, L]"),
    "score": (range(3), "one number for each row [N], for each target or step [N, T], or for each target and step"),
    "probability": (range(2), "one number for each row [N], for instance the column of the positive class"),
    "probabilities": (range(1, 3), "a column for each class [N, C], for tokens [N, S, C]"),
    "quantile": (range(1, 3), "a column for each quantile [N, Q], with steps [N, T, Q]"),
    "mask": (range(2, 4), "a class for each pixel [N, H, W], or a plane for each class [N, C, H, W]"),
    "tokens": (range(1, 2), "a tag for each token [N, S]"),
    "text": (range(3), "texts for each row"),
    "embedding": (range(1, 3), "a vector for each row [N, D]"),
}
_NUMBERS = frozenset({"score", "probability", "probabilities", "quantile", "embedding"})


class OutputColumn(Strict):
    """One tensor of the graph, called `name` in answers and files, and `tensor` in the graph where that differs.

    Without a `role` it is answered and compared, and nothing is read into it. `targets` names the columns of several
    scores, `quantiles` are the levels (0 to 1) of the last axis.
    """

    name: ColumnName
    datatype: Datatype
    shape: Shape = Field(min_length=1, max_length=8)
    role: Role | None = None
    tensor: ColumnName | None = None
    targets: tuple[ColumnName, ...] | None = Field(default=None, min_length=1, max_length=1_000)
    quantiles: tuple[FiniteFloat, ...] | None = Field(default=None, min_length=1, max_length=100)

    @model_validator(mode="after")
    def _means_what_it_says(self) -> Self:
        check_shape(self.shape)
        if self.role is None:
            return self
        inner, wanted = _INNER[self.role]
        is_one_number = self.role != "probability" or self.shape[1:] in ((), (1,))
        if len(self.shape) - 1 not in inner or not is_one_number:
            raise ValueError(f"{self.name!r} has shape {words(self.shape)}; role {self.role} is {wanted}")
        if self.role in _NUMBERS and self.datatype not in FLOATS and self.role != "score":
            raise ValueError(f"{self.name!r} has datatype {self.datatype}; role {self.role} is a float")
        if self.targets is not None and self.shape[1:2] != (len(self.targets),):
            raise ValueError(
                f"{len(self.targets)} targets make shape [N, {len(self.targets)}], found {words(self.shape)}"
            )
        return self._check_quantiles()

    def _check_quantiles(self) -> Self:
        if (self.role == "quantile") != (self.quantiles is not None):
            raise ValueError("quantiles: the levels belong to role quantile, and it needs them")
        if self.quantiles is None:
            return self
        if list(self.quantiles) != sorted(set(self.quantiles)) or not 0 < self.quantiles[0] <= self.quantiles[-1] < 1:
            raise ValueError("quantiles: rising levels between 0 and 1 are required")
        if self.shape[-1] not in (-1, len(self.quantiles)):
            raise ValueError(
                f"{len(self.quantiles)} quantiles end a shape in {len(self.quantiles)}, found {words(self.shape)}"
            )
        return self

    @property
    def graph_name(self) -> str:
        return self.tensor or self.name
