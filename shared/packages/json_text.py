"""JSON from strangers: duplicate names, NaN and deep nesting are refused instead of guessed at."""

import json
from typing import Any, NoReturn

from shared.packages.errors import NotAPackage

DEEPEST = 32


def parse_object(file: str, body: bytes) -> dict[str, Any]:
    """The JSON object in `body`; raises `NotAPackage` naming `file`."""
    if _depth_bound(body) > DEEPEST:
        raise NotAPackage(file, f"is nested deeper than {DEEPEST}")
    try:
        value = json.loads(body.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise NotAPackage(file, f"is not JSON ({error})") from error
    if not isinstance(value, dict):
        raise NotAPackage(file, f"a JSON object is required, found {type(value).__name__}")
    return value


def _depth_bound(body: bytes) -> int:
    """An upper bound of the nesting, taken before parsing; brackets inside texts count as well."""
    depth = deepest = 0
    for byte in body:
        if byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice!r} is given twice")
    return found


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a JSON number")
