"""The App Service managed identity protocol, and the tokens it issues: unsigned JWTs, since nobody here can forge more
than a local process may anyway."""

import base64
import json
import time
from dataclasses import dataclass
from typing import Any

from infra.local.azure_ml.arm import ArmError
from infra.local.azure_ml.config import Config, Identity

LIFETIME_S = 3600
AUDIENCES = frozenset({"https://management.azure.com", "https://management.core.windows.net", "https://ml.azure.com"})


@dataclass(frozen=True)
class Caller:
    identity: Identity
    audience: str


class Identities:
    def __init__(self, config: Config) -> None:
        self._tenant = str(config.tenant_id)
        self._by_header = {identity.header: identity for identity in config.identities}
        self._by_oid = {str(identity.oid): identity for identity in config.identities}

    def issue(self, header: str | None, resource: str, client_id: str | None = None) -> dict[str, Any] | None:
        """The answer of the identity endpoint, or None when the header belongs to nobody, or not to `client_id`."""
        identity = self._by_header.get(header or "")
        if identity is None or (client_id and identity.client_id and client_id.lower() != str(identity.client_id)):
            return None
        now = int(time.time())
        claims = {
            "aud": resource.rstrip("/"),
            "iss": f"https://sts.windows.net/{self._tenant}/",
            "tid": self._tenant,
            "oid": str(identity.oid),
            "sub": str(identity.oid),
            "appid": str(identity.client_id or identity.oid),
            "iat": now,
            "nbf": now,
            "exp": now + LIFETIME_S,
        }
        return {
            "access_token": encode(claims),
            "expires_on": str(claims["exp"]),
            "resource": resource,
            "token_type": "Bearer",
        }

    def authenticate(self, authorization: str | None) -> Caller:
        """The caller of a request; raises `ArmError` 401 without a usable, unexpired token of a known identity."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise ArmError(401, "AuthenticationFailed", "The 'Authorization' header is missing.")
        claims = decode(token)
        if str(claims.get("aud", "")).rstrip("/") not in AUDIENCES:
            raise ArmError(
                401, "InvalidAuthenticationTokenAudience", f"The audience {claims.get('aud')!r} is not valid."
            )
        if claims.get("tid") != self._tenant:
            raise ArmError(401, "InvalidAuthenticationTokenTenant", "The token is from another tenant.")
        if float(claims.get("exp", 0)) <= time.time():
            raise ArmError(401, "ExpiredAuthenticationToken", "The access token has expired.")
        identity = self._by_oid.get(str(claims.get("oid")))
        if identity is None:
            raise ArmError(401, "InvalidAuthenticationToken", f"No identity has object id {claims.get('oid')!r}.")
        return Caller(identity, str(claims["aud"]))


def encode(claims: dict[str, Any]) -> str:
    parts = [{"alg": "none", "typ": "JWT"}, claims]
    head = ".".join(_base64url(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
    return f"{head}.{_base64url(b'local')}"


def decode(token: str) -> dict[str, Any]:
    """The claims; raises `ArmError` 401 when the token is not a JWT."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError) as error:
        raise ArmError(401, "InvalidAuthenticationToken", "The access token is invalid.") from error
    if not isinstance(claims, dict):
        raise ArmError(401, "InvalidAuthenticationToken", "The access token is invalid.")
    return claims


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
