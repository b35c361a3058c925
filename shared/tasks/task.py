"""What a kind of question is: which outputs answer it, and which of them is watched."""

from dataclasses import dataclass
from typing import Literal

# What an output of a model means. Shapes are those of `shared.packages.signature.outputs`.
type Role = Literal["label", "score", "probability", "probabilities", "quantile", "mask", "tokens", "text", "embedding"]


@dataclass(frozen=True, slots=True)
class Task:
    """`answered_by` are the roles that can answer it; of those that a package has, the first is watched.

    `refused` says why a model of this kind is no package, "" where it is one.
    """

    name: str
    answered_by: tuple[Role, ...] = ()
    refused: str = ""
