"""Forms that only our own page can have made: a double-submit cookie, signed.

The cookie holds a random number that no other site can read or set (`__Host-`, SameSite=Strict), the form its HMAC with
person and approval: https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie

from shared.events import canonical

_NONCE = re.compile(r"[A-Za-z0-9_-]{43}")
_LIFETIME_S = 8 * 3600


@dataclass(frozen=True, slots=True)
class FormGuard:
    """`key` is the same for all instances of the gateway, and known to nobody else."""

    key: bytes = field(repr=False)

    def issue(self, cookies: str, person: str, approval_id: str, *, secure: bool) -> tuple[str, str]:
        """The Set-Cookie value, and the field for the form. An open tab keeps working: its number is kept."""
        nonce = _read(cookies, secure=secure) or secrets.token_urlsafe(32)
        attributes = f"Path=/; Max-Age={_LIFETIME_S}; HttpOnly; SameSite=Strict{'; Secure' if secure else ''}"
        return f"{_name(secure)}={nonce}; {attributes}", self._field(nonce, person, approval_id)

    def holds(self, cookies: str, field: str, person: str, approval_id: str, *, secure: bool) -> bool:
        nonce = _read(cookies, secure=secure)
        if nonce is None:
            return False
        return hmac.compare_digest(self._field(nonce, person, approval_id).encode(), field.encode())

    def _field(self, nonce: str, person: str, approval_id: str) -> str:
        return hmac.new(self.key, canonical([nonce, person, approval_id]), hashlib.sha256).hexdigest()


def _name(secure: bool) -> str:
    """Browsers accept the prefix only together with Secure, which plain HTTP on one's own machine cannot have."""
    return "__Host-sluice-form" if secure else "sluice-form"


def _read(cookies: str, *, secure: bool) -> str | None:
    try:
        morsel = SimpleCookie(cookies).get(_name(secure))
    except CookieError:
        return None
    return morsel.value if morsel is not None and _NONCE.fullmatch(morsel.value) else None
