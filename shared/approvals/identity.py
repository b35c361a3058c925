"""Who is one person: by object id, else by address. A display name, which anybody may have, is no identity."""

import re
import unicodedata

_OBJECT_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def identity(text: str) -> str:
    """An object id or an address in its one spelling; empty for anything else.

    One casing and one spelling of its characters, without a tag (RFC 5233: `dana+x@example.com` is delivered to
    `dana@example.com`) and without the root's dot of its domain.
    """
    plain = _plain(text)
    if _OBJECT_ID.fullmatch(plain):
        return plain
    local, at, domain = plain.rpartition("@")
    known = bool(local and domain) and not re.search(r"\s", plain)
    return f"{local.partition('+')[0] or local}{at}{domain.rstrip('.')}" if known else ""


def is_object_id(known: str) -> bool:
    return _OBJECT_ID.fullmatch(known) is not None


def same(one: str, other: str) -> bool:
    """Whether two texts name one person."""
    return _plain(one) == _plain(other) or identity(one) == identity(other) != ""


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()
