"""The session cookie: who signed in and until when, signed with a key that never leaves the host."""

import base64
import hashlib
import hmac
import time
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie

COOKIE = "AppServiceAuthSession"
_LIFETIME_S = 8 * 3600


@dataclass(frozen=True)
class Sessions:
    """`secret` is derived from the master key, so sessions outlive a restart but not a change of keys."""

    secret: bytes

    @staticmethod
    def derived_from(master_key: str) -> "Sessions":
        return Sessions(hmac.digest(master_key.encode(), b"easy auth session", hashlib.sha256))

    def issue(self, person_id: str) -> str:
        """The value of a Set-Cookie header."""
        content = f"{int(time.time()) + _LIFETIME_S}.{_encode(person_id.encode())}"
        token = f"{content}.{self._signature(content)}"
        return f"{COOKIE}={token}; Path=/; Max-Age={_LIFETIME_S}; HttpOnly; SameSite=Lax"

    def person_id(self, cookie_header: str) -> str | None:
        """Who the request's cookie names; None when there is none, or it is forged or over."""
        token = _cookie(cookie_header)
        content, _, signature = token.rpartition(".")
        if not content or not hmac.compare_digest(signature, self._signature(content)):
            return None
        expires, _, person = content.partition(".")
        return _decode(person).decode() if int(expires) > time.time() else None

    def _signature(self, content: str) -> str:
        return _encode(hmac.digest(self.secret, content.encode(), hashlib.sha256))


def expired_cookie() -> str:
    """The value of a Set-Cookie header that signs out."""
    return f"{COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"


def _cookie(header: str) -> str:
    try:
        morsel = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return ""
    # Only ASCII texts can be compared in constant time; nothing else was ever issued.
    return morsel.value if morsel is not None and morsel.value.isascii() else ""


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
