"""Telling people."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.events import Severity


@dataclass(frozen=True, slots=True)
class Notice:
    """Plain text. `key` is the same for every repeat, `audience` a persona or a channel, `link` may hold a secret.

    `about` names the thing in words, `at` is when it happened, `command` what shows more of it or mends it.
    """

    key: str
    audience: str
    title: str
    text: str
    link: str = ""
    severity: Severity = "info"
    about: str = ""
    at: datetime | None = None
    command: str = ""


class Notifier(Protocol):
    async def send(self, notice: Notice) -> None:
        """May arrive more than once, with the same key. Raises `Refused` or `Unavailable`."""
        ...
