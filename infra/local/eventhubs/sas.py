"""Shared access signatures: which key signed a token, for which part of a hub, with which rights."""

import hmac
import json
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import parse_qs, unquote_plus, urlsplit

from infra.local.eventhubs.config import ConfigError

RIGHTS = frozenset({"Send", "Listen", "Manage"})
ANY_HUB = "*"
SAS, JWT = "servicebus.windows.net:sastoken", "jwt"
_PREFIX = "SharedAccessSignature "


class Unauthorized(Exception):
    """Why a token or an operation is refused; never holds a key or a signature."""


@dataclass(frozen=True)
class AccessKey:
    """A shared access policy of a hub, or of the namespace (`*`)."""

    name: str
    key: str
    hub: str
    rights: frozenset[str]


@dataclass(frozen=True)
class Claim:
    """What one token allows, on its scope and what lies under that, until `expires_at` (seconds since 1970)."""

    scope: tuple[str, ...]
    rights: frozenset[str]
    expires_at: float


def load_keys(path: Path) -> list[AccessKey]:
    """Read `[{"name", "key", "hub", "rights"}]`; raise `ConfigError` naming the field."""
    try:
        entries = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: {error}") from error
    if not isinstance(entries, list):
        raise ConfigError(f"{path}: a list is expected")
    return [_key(entry, f"{path}[{index}]") for index, entry in enumerate(entries)]


def _key(entry: object, where: str) -> AccessKey:
    if not isinstance(entry, dict):
        raise ConfigError(f"{where}: an object is expected")
    for field in ("name", "key", "hub"):
        if not isinstance(entry.get(field), str) or not entry[field]:
            raise ConfigError(f"{where}.{field}: a text is expected")
    rights = entry.get("rights")
    if not isinstance(rights, list) or not rights or not set(rights) <= RIGHTS:
        raise ConfigError(f"{where}.rights: some of {', '.join(sorted(RIGHTS))} are expected")
    implied = RIGHTS if "Manage" in rights else frozenset(rights)
    return AccessKey(entry["name"], entry["key"], entry["hub"].lower(), implied)


def kind_of(token: str) -> str:
    """What a token is that comes without its kind."""
    return SAS if token.startswith(_PREFIX) else JWT


def scope_of(uri: str) -> tuple[str, ...]:
    """The path that a token or an address names, as segments in lower case; empty for the namespace."""
    path = urlsplit(uri).path if "://" in uri else uri
    return tuple(filter(None, path.lower().split("/")))


def covers(scope: tuple[str, ...], path: tuple[str, ...]) -> bool:
    """A token is good for what its resource names and for what lies under that, segment by segment."""
    return path[: len(scope)] == scope


class Verifier:
    """Checks tokens against keys; without keys everybody may do everything."""

    def __init__(self, keys: list[AccessKey] | None) -> None:
        self._keys = keys

    @property
    def verifies(self) -> bool:
        """False when no keys were given."""
        return self._keys is not None

    def claim(self, token: str, kind: str, audience: str, now_s: float) -> Claim:
        """What a token allows; raise `Unauthorized` when it is forged, expired, misdirected or of another kind."""
        if self._keys is None:
            return Claim((), RIGHTS, float("inf"))
        if kind != SAS:
            raise Unauthorized(f"tokens of type '{kind}' are not accepted here, only {SAS}")
        resource, signature, expiry, name = _parts(token)
        if expiry <= now_s:
            raise Unauthorized("ExpiredToken: the token has expired")
        scope = scope_of(unquote_plus(resource))
        if not covers(scope, scope_of(audience)):
            raise Unauthorized("InvalidAudience: the token is for another resource")
        keys = [key for key in self._keys if key.name == name and key.hub in (*scope[:1], ANY_HUB)]
        rights = {right for key in keys if _signed(key, resource, expiry, signature) for right in key.rights}
        if not rights:
            raise Unauthorized("InvalidSignature: the token has an invalid signature")
        return Claim(scope, frozenset(rights), float(expiry))


def _parts(token: str) -> tuple[str, str, int, str]:
    """Resource (still encoded, since that is what was signed), signature, expiry, key name."""
    text = token.removeprefix(_PREFIX)
    fields = parse_qs(text, strict_parsing=False)
    encoded = [part[3:] for part in text.split("&") if part.startswith("sr=")]
    expiry = fields.get("se", [""])[0]
    if not token.startswith(_PREFIX) or not encoded or not expiry.isdecimal() or "sig" not in fields:
        raise Unauthorized("MalformedToken: sr, sig, se and skn are expected")
    return encoded[0], fields["sig"][0], int(expiry), unquote_plus(fields.get("skn", [""])[0])


def _signed(key: AccessKey, resource: str, expiry: int, signature: str) -> bool:
    digest = hmac.new(key.key.encode(), f"{resource}\n{expiry}".encode(), sha256).digest()
    return hmac.compare_digest(b64encode(digest), signature.encode())
