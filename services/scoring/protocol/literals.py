"""NaN and Infinity, which Python writes and JSON does not know: found again, to say in which tensor they are."""

import json
import re
from collections.abc import Iterator
from typing import Any

_LITERAL = re.compile(rb"[\[,:\s]-?(?:NaN|Infinity)\b")
_POLICY = "no such thing is in JSON; send null for a missing value, and no infinity"


class _Literal(str):
    """One of them, as it was written."""


def literals(body: bytes) -> str | None:
    """What to say of a body that is JSON but for these; None of any other. Only for what was refused: it is slow."""
    if _LITERAL.search(body) is None:
        return None
    try:
        message = json.loads(body, parse_constant=_Literal)
    except (ValueError, RecursionError):
        return None
    place, found = next(_in_message(message), ("body", "NaN or Infinity"))
    return f"{place}: {found}: {_POLICY}"


def _in_message(message: Any) -> Iterator[tuple[str, str]]:
    """Where they are, tensors by their names."""
    if not isinstance(message, dict):
        return
    for tensor in _list(message.get("inputs")):
        if isinstance(tensor, dict) and (found := _in_lists(tensor.get("data"))):
            yield f"{str(tensor.get('name'))[:100]}", found
    for index, row in enumerate(_list(message.get("rows"))):
        for name, cell in row.items() if isinstance(row, dict) else ():
            if found := _in_lists(cell):
                yield f"rows[{index}]: {name[:100]}", found


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _in_lists(value: Any) -> str:
    """The first one in lists of lists, empty for none."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, _Literal):
            return str(value)
        waiting += reversed(_list(value))
    return ""
