"""What approval links carry: a token that only control can sign, and the proof that somebody held it.

A token is `base64url(payload).base64url(signature)`; the payload is the JSON {"exp", "id"}. Ed25519 is deterministic,
so control recomputes a token instead of storing it.
"""

import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Literal
from urllib.parse import quote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from shared.adapters.signing.base64url import key_bytes, strict_bytes, text
from shared.events import canonical

_LONGEST = 2000


class Ed25519LinkSigner:
    """`private_key` is the raw key of 32 bytes in base64url, `base_url` the gateway's address."""

    def __init__(self, private_key: str, base_url: str) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(key_bytes(private_key))
        self._base_url = base_url.rstrip("/")

    def link(self, approval_id: str, expires_at: datetime) -> str:
        token = self._token(approval_id, expires_at)
        return f"{self._base_url}/approvals/{quote(approval_id, safe='')}?token={token}"

    def proof(self, approval_id: str, expires_at: datetime, statement: str) -> str:
        return proof(self._token(approval_id, expires_at), statement)

    def _token(self, approval_id: str, expires_at: datetime) -> str:
        payload = canonical({"id": approval_id, "exp": int(expires_at.timestamp())})
        return f"{text(payload)}.{text(self._key.sign(payload))}"


@dataclass(frozen=True, slots=True)
class VerifiedLink:
    approval_id: str
    expires_at: datetime


class Ed25519LinkVerifier:
    """`public_key` is the raw key of 32 bytes in base64url: whoever checks links cannot make any."""

    def __init__(self, public_key: str) -> None:
        self._key = Ed25519PublicKey.from_public_bytes(key_bytes(public_key))

    def verify(self, token: str, now: datetime) -> VerifiedLink | Literal["invalid", "expired"]:
        """The approval that this token was signed for; expired from the very second of its expiry on."""
        try:
            payload, signature = (strict_bytes(part) for part in _parts(token))
            self._key.verify(signature, payload)
            claims = json.loads(payload)
            link = VerifiedLink(str(claims["id"]), datetime.fromtimestamp(claims["exp"], UTC))
        except (ValueError, InvalidSignature, KeyError, TypeError, OverflowError, OSError):
            return "invalid"
        return link if now < link.expires_at else "expired"

    def proof(self, token: str, statement: str) -> str:
        return proof(token, statement)


def proof(token: str, statement: str) -> str:
    """Hex HMAC-SHA256 over `statement`, keyed with the token."""
    return hmac.new(token.encode(), statement.encode(), sha256).hexdigest()


def _parts(token: str) -> list[str]:
    parts = token.split(".")
    if len(token) > _LONGEST or len(parts) != 2:
        raise ValueError("not a token")
    return parts
