"""Which reactions an operator has stopped."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Brake:
    """`scope` is `all` or an entity as text; `since` is when the operator said so, `engaged` what they said."""

    scope: str
    engaged: bool
    operator: str
    reason: str
    since: datetime


class Brakes(Protocol):
    """All methods raise `Unavailable`."""

    async def set(self, brake: Brake) -> None:
        """The latest word on its scope; one older than what is there is ignored."""
        ...

    async def engaged(self) -> Sequence[Brake]:
        """Those that hold now. Never from a cache: a brake takes effect with the next decision."""
        ...
