"""Which tables and containers there are, and whether we may read them; and the store's clock."""

from datetime import datetime
from typing import Literal, Protocol

type Access = Literal["readable", "forbidden", "missing"]


class StoreSurvey(Protocol):
    """All methods raise `Unavailable`. What is forbidden may be missing, too: who may not look is not told."""

    async def table(self, name: str) -> Access: ...

    async def container(self, name: str) -> Access: ...

    async def now(self) -> datetime:
        """In whole seconds."""
        ...
