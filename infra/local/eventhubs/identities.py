"""Tokens of Entra ID, as the local identity endpoint issues them: who may do what on which hub.

They are not signed, since nobody on this machine can forge more than a local process may anyway. Everything else about
them is checked: audience, tenant, life, and that the identity is known.
"""

import base64
import json
from dataclasses import dataclass
from pathlib import Path

from infra.local.eventhubs.config import ConfigError
from infra.local.eventhubs.tokens import ANY_HUB, Claim, Unauthorized, read_rights, scope_of

AUDIENCES = frozenset({"https://eventhubs.azure.net", "https://servicebus.azure.net"})


@dataclass(frozen=True)
class Identities:
    """A tenant's identities by object id, each with its rights on hubs; hub `*` is all of them."""

    tenant: str
    grants: dict[str, dict[str, frozenset[str]]]

    def claim(self, token: str, audience: str, now_s: float) -> Claim:
        """What a token allows on the hub that the audience names; raise `Unauthorized`.

        A role may be missing: then the token is good and allows nothing, and it is the link that is refused.
        """
        claims = _claims(token)
        if str(claims.get("aud", "")).rstrip("/") not in AUDIENCES:
            raise Unauthorized("InvalidAudience: the token is for another resource")
        if claims.get("tid") != self.tenant:
            raise Unauthorized("InvalidIssuer: the token is from another tenant")
        expires_at = claims.get("exp")
        if not isinstance(expires_at, int | float) or expires_at <= now_s:
            raise Unauthorized("ExpiredToken: the token has expired")
        held = self.grants.get(str(claims.get("oid")))
        if held is None:
            raise Unauthorized("InvalidToken: nobody has the token's object id")
        hub = scope_of(audience)[:1]
        rights = frozenset[str]().union(*(held.get(name, frozenset()) for name in (*hub, ANY_HUB)))
        return Claim(hub, rights, float(expires_at))


def _claims(token: str) -> dict[str, object]:
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError) as error:
        raise Unauthorized("MalformedToken: no JSON Web Token") from error
    if not isinstance(claims, dict):
        raise Unauthorized("MalformedToken: no JSON Web Token")
    return claims


def load_identities(path: Path) -> Identities:
    """Read `{"tenant", "identities": [{"oid", "grants": [{"hub", "rights"}]}]}`; raise `ConfigError` with the field."""
    try:
        document = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("tenant"), str):
        raise ConfigError(f"{path}.tenant: a text is expected")
    if not isinstance(document.get("identities"), list):
        raise ConfigError(f"{path}.identities: a list is expected")
    grants = dict(_identity(entry, f"{path}.identities[{at}]") for at, entry in enumerate(document["identities"]))
    return Identities(document["tenant"], grants)


def _identity(entry: object, where: str) -> tuple[str, dict[str, frozenset[str]]]:
    if not isinstance(entry, dict) or not isinstance(entry.get("oid"), str):
        raise ConfigError(f"{where}.oid: a text is expected")
    if not isinstance(entry.get("grants"), list):
        raise ConfigError(f"{where}.grants: a list is expected")
    return entry["oid"], dict(_grant(grant, f"{where}.grants[{at}]") for at, grant in enumerate(entry["grants"]))


def _grant(grant: object, where: str) -> tuple[str, frozenset[str]]:
    if not isinstance(grant, dict) or not isinstance(grant.get("hub"), str):
        raise ConfigError(f"{where}.hub: a text is expected")
    return grant["hub"].lower(), read_rights(grant.get("rights"), f"{where}.rights")
