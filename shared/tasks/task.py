"""What a kind of question is: which outputs answer it, and what of them is watched."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from numpy.typing import NDArray

# What an output of a model means. Shapes are those of `shared.packages.signature.outputs`.
type Role = Literal["label", "score", "probability", "probabilities", "quantile", "mask", "tokens", "text", "embedding"]
type Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Answered:
    """An output of a model for some rows, and what its signature says of it."""

    values: Array
    role: Role
    classes: tuple[str | int, ...] = ()
    positive: str | int | None = None
    quantiles: tuple[float, ...] = ()
    has_targets: bool = False


type Watch = Callable[[Answered], Array]


def _nothing(answered: Answered) -> Array:
    raise NotImplementedError("a task that is refused watches nothing")


@dataclass(frozen=True, slots=True)
class Task:
    """`answered_by` are the roles that can answer it; of those that a package has, the first is watched.

    `watch` makes one column of that output, a cell for each row: numbers, or texts (an array of objects, None where
    there is no answer) for the roles that answer `by_name`. `refused` says why a model of this kind is no package, ""
    where it is one.
    """

    name: str
    answered_by: tuple[Role, ...] = ()
    watch: Watch = _nothing
    by_name: tuple[Role, ...] = ()
    refused: str = ""
