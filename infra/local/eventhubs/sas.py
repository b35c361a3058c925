"""Shared access signatures: which key signed a token, for which part of a hub, with which rights."""

import hmac
import json
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import parse_qs, unquote_plus

from infra.local.eventhubs.config import ConfigError
from infra.local.eventhubs.tokens import ANY_HUB, Claim, Unauthorized, covers, read_rights, scope_of

PREFIX = "SharedAccessSignature "


@dataclass(frozen=True)
class AccessKey:
    """A shared access policy of a hub, or of the namespace (`*`)."""

    name: str
    key: str
    hub: str
    rights: frozenset[str]


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
    rights = read_rights(entry.get("rights"), f"{where}.rights")
    return AccessKey(entry["name"], entry["key"], entry["hub"].lower(), rights)


def claim_of_signature(keys: list[AccessKey], token: str, audience: str, now_s: float) -> Claim:
    """What a signature allows; raise `Unauthorized` when it is forged, expired or for something else."""
    resource, signature, expiry, name = _parts(token)
    if expiry <= now_s:
        raise Unauthorized("ExpiredToken: the token has expired")
    scope = scope_of(unquote_plus(resource))
    if not covers(scope, scope_of(audience)):
        raise Unauthorized("InvalidAudience: the token is for another resource")
    named = [key for key in keys if key.name == name and key.hub in (*scope[:1], ANY_HUB)]
    rights = {right for key in named if _signed(key, resource, expiry, signature) for right in key.rights}
    if not rights:
        raise Unauthorized("InvalidSignature: the token has an invalid signature")
    return Claim(scope, frozenset(rights), float(expiry))


def _parts(token: str) -> tuple[str, str, int, str]:
    """Resource (still encoded, since that is what was signed), signature, expiry, key name."""
    text = token.removeprefix(PREFIX)
    fields = parse_qs(text, strict_parsing=False)
    encoded = [part[3:] for part in text.split("&") if part.startswith("sr=")]
    expiry = fields.get("se", [""])[0]
    if not token.startswith(PREFIX) or not encoded or not expiry.isdecimal() or "sig" not in fields:
        raise Unauthorized("MalformedToken: sr, sig, se and skn are expected")
    return encoded[0], fields["sig"][0], int(expiry), unquote_plus(fields.get("skn", [""])[0])


def _signed(key: AccessKey, resource: str, expiry: int, signature: str) -> bool:
    digest = hmac.new(key.key.encode(), f"{resource}\n{expiry}".encode(), sha256).digest()
    return hmac.compare_digest(b64encode(digest), signature.encode())
