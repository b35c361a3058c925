"""The function apps as whoever deployed them sees them."""

from collections.abc import Mapping
from typing import Protocol


class AppSurvey(Protocol):
    """The apps, asked from outside. All methods raise `Unavailable`."""

    async def status(self, app: str, route: str) -> int:
        """What GET of this route is answered with, redirects not followed."""
        ...

    async def functions(self, app: str) -> Mapping[str, bool]:
        """What its host runs, by name, and whether it is switched on. Raises `Refused` where one may not ask."""
        ...
