"""Keys, tokens and signatures as text: base64url without padding, in one spelling only."""

import base64
import binascii


def text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def strict_bytes(spelt: str) -> bytes:
    """Strict: a token must be spelt as we spell it, or it would have several spellings and several proofs."""
    try:
        raw = base64.b64decode(spelt + "=" * (-len(spelt) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error
    if text(raw) != spelt:
        raise ValueError("not canonical base64url")
    return raw


def key_bytes(key: str) -> bytes:
    raw = strict_bytes(key.strip().rstrip("="))
    if len(raw) != 32:
        raise ValueError(f"key: 32 bytes in base64url are required, found {len(raw)}")
    return raw
