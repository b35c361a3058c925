"""Who is one person: by object id, else by address. A display name, which anybody may have, is no identity."""

import re

_OBJECT_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ADDRESS = re.compile(r"([^\s@+]+)(?:\+[^\s@]*)?@([^\s@]+)")


def identity(text: str) -> str:
    """An object id or an address in its one spelling; empty for anything else.

    `lea+models@example.com` reaches lea: what stands behind a plus does not make another person.
    """
    plain = text.strip().casefold()
    if _OBJECT_ID.fullmatch(plain):
        return plain
    address = _ADDRESS.fullmatch(plain)
    return f"{address[1]}@{address[2]}" if address else ""


def is_object_id(known: str) -> bool:
    return _OBJECT_ID.fullmatch(known) is not None


def same(one: str, other: str) -> bool:
    """Whether two texts name one person."""
    return one.strip().casefold() == other.strip().casefold() or identity(one) == identity(other) != ""
