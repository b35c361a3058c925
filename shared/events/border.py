"""What may come in: JSON in strict Unicode, texts of bounded length, finite numbers. What may not is `Unreadable`."""

import json
import re
from collections.abc import Mapping
from math import isfinite
from typing import Any

from pydantic_core import from_json

# Event Hubs Standard carries no larger one; a fact larger than this is nobody's to send.
LARGEST_MESSAGE = 1 << 20
# Bounds of an `Edm.Int64` column, and of what JSON's other readers count exactly as a whole number at all.
_LARGEST_NUMBER = (1 << 63) - 1
# Control characters but tab and line breaks, what turns the direction of the text around it, and lone surrogates.
_UNSHOWN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class Unreadable(ValueError):
    """These bytes are not one of our events, and never will be; the message names the field."""


def read_json(body: bytes | str) -> object:
    """The JSON value in these bytes, UTF-8 or UTF-16: without lone surrogates, without numbers beyond 64 bits.

    Of a key that is there twice, the last counts. Raises `Unreadable`.
    """
    try:
        plain = _utf8(body)
        if len(plain) > LARGEST_MESSAGE:
            raise Unreadable(f"body: at most {LARGEST_MESSAGE} bytes are allowed, found {len(plain)}")
        value: object = from_json(plain, allow_inf_nan=False)
    except Unreadable:
        raise
    except ValueError as error:
        raise Unreadable(f"body: not JSON ({error})") from error
    if at := _beyond(value):
        raise Unreadable(f"{at}: a finite number of at most 64 bits is required")
    return value


def _utf8(body: bytes | str) -> bytes:
    if isinstance(body, str):
        return body.encode()
    encoding = json.detect_encoding(body)
    return body if encoding == "utf-8" else body.decode(encoding).encode()


def _beyond(value: object, at: str = "body") -> str:
    """Where the first number is that is not finite or too large; "" if there is none.

    Large columns are of one kind throughout, so that their cells are told apart by the set of their types.
    """
    if isinstance(value, dict):
        return next((found for key, item in value.items() if (found := _beyond(item, _below(at, key)))), "")
    if isinstance(value, list):
        if set(map(type, value)) <= {str, bool, type(None)}:
            return ""
        return next((found for index, item in enumerate(value) if (found := _beyond(item, f"{at}.{index}"))), "")
    return "" if _is_plain(value) else at


def _below(at: str, key: str) -> str:
    return key[:80] if at == "body" else f"{at}.{key[:80]}"


def _is_plain(value: object) -> bool:
    if isinstance(value, float):
        return isfinite(value)
    return not isinstance(value, int) or -_LARGEST_NUMBER <= value <= _LARGEST_NUMBER


def text(frame: Mapping[str, Any], name: str, longest: int) -> str:
    """A non-empty printable text of at most `longest` characters. Raises `Unreadable`."""
    value = frame.get(name)
    if not isinstance(value, str) or not value:
        raise Unreadable(f"{name}: a non-empty text is required")
    if len(value) > longest or not value.isprintable():
        raise Unreadable(f"{name}: at most {longest} printable characters are allowed")
    return value


def optional_text(frame: Mapping[str, Any], name: str, longest: int) -> str | None:
    """As `text`; None where it is absent, null or empty. Raises `Unreadable`."""
    return None if frame.get(name) in (None, "") else text(frame, name, longest)


def printable(text: str, longest: int) -> str:
    """As `writable`, on one line: fit to be what frames an event."""
    return "".join([each if each.isprintable() else "?" for each in writable(text, longest)])


def writable(words: str, longest: int) -> str:
    """At most `longest` characters that can be written and shown: what was said, as far as it can be kept."""
    plain = _UNSHOWN.sub("", words[:longest])
    return plain if len(words) <= longest else plain[:-1] + "…"
