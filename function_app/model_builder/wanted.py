"""What the person who knows the model says of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

type Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Empty is chosen. `features` are columns of the data; `ignore` are columns that the model does not take.

    `trained_until` says from which moment of column `time` on rows were not trained on; `tolerance` is how far answers
    may lie from the original's, absolute and relative.
    """

    labels: tuple[str, ...]
    task: str = ""
    features: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    time: str = ""
    trained_until: datetime | None = None
    positive: str = ""
    quantiles: tuple[float, ...] = ()
    tolerance: float = 1e-4

    @property
    def set_aside(self) -> frozenset[str]:
        """Columns that are not the model's unless it names them."""
        return frozenset((*self.labels, *self.groups, *self.ignore, self.time))
