"""A fitted model, whatever made it: what it says of itself, what it answers, and how it is written as ONNX."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from numpy.typing import NDArray

from function_app.model_builder.table import Table
from shared.tasks.task import Role

type Answers = Mapping[Role, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Known:
    """What a model says of itself; empty where it says nothing.

    `features` are the columns it takes, in its order, `width` how many they are. `task` may be a whole name of a task
    or `classification` alone. `packages` are pinned requirements of what ran it.
    """

    called: str
    features: tuple[str, ...] = ()
    width: int = 0
    task: str = ""
    classes: tuple[str | int, ...] = ()
    quantiles: tuple[float, ...] = ()
    is_text: bool = False
    packages: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Export:
    """`how` says in words how it was written."""

    how: str
    model: bytes
    files: Mapping[str, bytes] = field(default_factory=dict)


class Fitted(Protocol):
    """One model in memory."""

    @property
    def known(self) -> Known: ...

    def answers(self, rows: Table, columns: Sequence[str]) -> Answers:
        """What its own library answers to these columns, by role; empty where there is no such library."""
        ...

    def exports(self, rows: Table, columns: Sequence[str]) -> Iterator[Export]:
        """The best way first; another is tried where the answers of one differ."""
        ...
