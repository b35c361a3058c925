"""Paths as Kestrel and ASP.NET read them: decoded once, an encoded slash left alone, dot segments taken out."""

import re
from collections.abc import Iterator
from urllib.parse import quote

_ESCAPED = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
# What a path may hold unescaped; anything else, and a percent sign that escapes nothing, is escaped anew.
_PATH_SAFE = "/:@!$&'()*+,;=~-._"
_SLASH = 0x2F


def path_of(raw: str) -> str:
    """The path that routes see, of the path as it was sent. Dot segments count when they were escaped, too."""
    return _without_dot_segments(_ESCAPED.sub(lambda run: "".join(_decoded(run[0])), raw))


def escaped(path: str) -> str:
    """A decoded path as it stands in a URL."""
    parts = re.split(r"(%[0-9A-Fa-f]{2})", path)
    return "".join(part if number % 2 else quote(part, safe=_PATH_SAFE) for number, part in enumerate(parts))


def _decoded(run: str) -> Iterator[str]:
    """The characters of a run of escapes; an escaped slash and what is no UTF-8 stay as they were written."""
    values, at = bytes.fromhex(run.replace("%", "")), 0
    while at < len(values):
        length = _utf8_length(values[at])
        try:
            character = values[at : at + length].decode("utf-8")
        except UnicodeDecodeError:
            character, length = run[3 * at : 3 * at + 3], 1
        yield run[3 * at : 3 * at + 3] if values[at] == _SLASH else character
        at += length


def _utf8_length(first: int) -> int:
    return 1 if first < 0xC0 else 2 if first < 0xE0 else 3 if first < 0xF0 else 4


def _without_dot_segments(path: str) -> str:
    kept: list[str] = []
    *segments, last = path.removeprefix("/").split("/")
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if last == "..":
        del kept[-1:]
    return "/" + "/".join([*kept, "" if last in (".", "..") else last])
