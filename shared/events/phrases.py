"""Phrases of which events make their words."""

import re
from collections.abc import Iterable

from shared.events.references import PackageRef

_DIGITS = re.compile(r"([0-9a-f]{8})[0-9a-f]{24,}")


def listed(parts: Iterable[str]) -> str:
    return ", ".join(parts)


def asked_by(requester: str) -> str:
    """Nothing where nobody is named."""
    return f"asked for by {requester}" if requester else ""


def known(job: str) -> str:
    """A job's name that is made of a digest is known by its beginning, as ids are."""
    return _DIGITS.sub(r"\1", job)


def share_of(percent: float) -> str:
    return f"{percent:g} % of the requests"


def back(taken: PackageRef | None, restored: PackageRef | None) -> str:
    """Which went, and which came back for it."""
    words = str(taken.model) if taken else ""
    return f"{words} taken back for {restored.model}".strip() if restored else words
