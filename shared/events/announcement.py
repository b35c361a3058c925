"""What an event says to people, where they should hear of it: in its own words, to whom, and how grave it is."""

from dataclasses import dataclass
from typing import Literal

type Severity = Literal["info", "warning", "error"]

DIGEST_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Announcement:
    """Plain text. `audience` hears of it unless policy says otherwise; nobody does where it is empty.

    `command` shows more of it, or mends it; without one, the chain of the event is what is shown.
    """

    title: str
    text: str
    severity: Severity = "info"
    audience: tuple[str, ...] = ()
    command: str = ""


def sentence(text: str) -> str:
    """With a full stop, whoever's words they are."""
    plain = text.strip()
    return plain if not plain or plain[-1] in ".!?…" else f"{plain}."


def short(digest: str) -> str:
    """Enough of a digest to know it by."""
    return digest[:DIGEST_SHOWN]
