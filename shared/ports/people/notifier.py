"""Telling people."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Notice:
    """Plain text. `key` is the same for every repeat, `audience` a persona or a channel, `link` may hold a secret."""

    key: str
    audience: str
    title: str
    text: str
    link: str = ""


class Notifier(Protocol):
    async def send(self, notice: Notice) -> None:
        """May arrive more than once, with the same key. Raises `Refused` or `Unavailable`."""
        ...
