"""Inline constraints of route templates, as ASP.NET Core names them: `{id:int}`, `{name:alpha:minlength(3)}`."""

import re
import uuid
from collections.abc import Callable
from datetime import datetime

Constraint = Callable[[str], bool]

_CALL = re.compile(r"(?P<name>[a-z]+)(?:\((?P<arguments>.*)\))?")


def parse_constraint(text: str) -> Constraint:
    """Raises `ValueError` for a constraint that routes do not know."""
    match = _CALL.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a route constraint")
    name, arguments = match["name"], match["arguments"]
    if arguments is None and name in _PLAIN:
        return _PLAIN[name]
    if arguments is not None and name == "regex":
        pattern = re.compile(arguments, re.IGNORECASE)
        return lambda value: pattern.search(value) is not None
    if arguments is not None and name in _NUMERIC:
        return _NUMERIC[name]([int(argument) for argument in arguments.split(",")])
    raise ValueError(f"unknown route constraint {text!r}")


def _converts(convert: Callable[[str], object]) -> Constraint:
    def check(value: str) -> bool:
        try:
            convert(value)
        except ValueError:
            return False
        return True

    return check


def _is_integer(bits: int) -> Constraint:
    bound = 2 ** (bits - 1)
    return lambda value: re.fullmatch(r"[+-]?\d+", value) is not None and -bound <= int(value) < bound


def _number(value: str, minimum: float, maximum: float) -> bool:
    return _PLAIN["long"](value) and minimum <= int(value) <= maximum


def _length(bounds: list[int]) -> Constraint:
    return lambda value: bounds[0] <= len(value) <= bounds[-1]


_PLAIN: dict[str, Constraint] = {
    "int": _is_integer(32),
    "long": _is_integer(64),
    "bool": lambda value: value.lower() in ("true", "false"),
    "guid": _converts(uuid.UUID),
    "alpha": lambda value: re.fullmatch(r"[A-Za-z]*", value) is not None,
    "datetime": _converts(datetime.fromisoformat),
    "decimal": _converts(float),
    "double": _converts(float),
    "float": _converts(float),
    "required": lambda value: bool(value),
}
_NUMERIC: dict[str, Callable[[list[int]], Constraint]] = {
    "min": lambda a: lambda value: _number(value, a[0], float("inf")),
    "max": lambda a: lambda value: _number(value, float("-inf"), a[0]),
    "range": lambda a: lambda value: _number(value, a[0], a[1]),
    "length": _length,
    "minlength": lambda a: lambda value: len(value) >= a[0],
    "maxlength": lambda a: lambda value: len(value) <= a[0],
}
