"""What the client gives as a text, or as an enumeration's member whose own text is another."""

from typing import Any


def plain(value: Any) -> str:
    """Empty for None."""
    return str(getattr(value, "value", value) or "")
