"""What the kinds of tokens have in common: a claim, the path it is good for, and why one is refused."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from infra.local.eventhubs.config import ConfigError

RIGHTS = frozenset({"Send", "Listen", "Manage"})
ANY_HUB = "*"


class Unauthorized(Exception):
    """Why a token or an operation is refused; never holds a key or a signature."""


@dataclass(frozen=True)
class Claim:
    """What one token allows, on its scope and what lies under that, until `expires_at` (seconds since 1970)."""

    scope: tuple[str, ...]
    rights: frozenset[str]
    expires_at: float


def scope_of(uri: str) -> tuple[str, ...]:
    """The path that a token or an address names, as segments in lower case; empty for the namespace."""
    path = urlsplit(uri).path if "://" in uri else uri
    return tuple(filter(None, path.lower().split("/")))


def covers(scope: tuple[str, ...], path: tuple[str, ...]) -> bool:
    """A token is good for what its resource names and for what lies under that, segment by segment."""
    return path[: len(scope)] == scope


def read_rights(rights: object, where: str) -> frozenset[str]:
    """Rights out of a file, with what they imply; raise `ConfigError` naming the field."""
    if not isinstance(rights, list) or not rights or not set(rights) <= RIGHTS:
        raise ConfigError(f"{where}: some of {', '.join(sorted(RIGHTS))} are expected")
    return RIGHTS if "Manage" in rights else frozenset(rights)
