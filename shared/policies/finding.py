"""What is wrong with a document: where, what was found there, and what was likely meant."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from shared.policies.layers import Path

_LONGEST = 60
# Below this a name is not taken for a misspelling of another: `of` and `fo` are as far apart as is allowed.
_ALIKE = 0.5
# Of pydantic's words, those that speak of Python.
_WORDS = {
    "dict_type": "a mapping is required",
    "tuple_type": "a list is required",
    "string_type": "a text is required",
    "bool_type": "true or false is required",
}
_QUOTED = re.compile(r"'([^']*)'")


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    line: int
    column: int
    path: str
    problem: str
    found: str = ""
    likely: str = ""

    def __str__(self) -> str:
        found = f", found {self.found}" if self.found else ""
        likely = f"; did you mean {self.likely}?" if self.likely else ""
        return f"{self.line}:{self.column}: {self.path or 'the document'}: {self.problem}{found}{likely}"


def spelt(path: Path) -> str:
    """`promotion.steps[1].share`."""
    text = "".join(f"[{each}]" if each.isdigit() else f".{each}" for each in path)
    return text.removeprefix(".")


def shown(value: Any) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        text = str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def likely(name: Any, choices: Iterable[str]) -> str:
    """The choice that is most like it, "" when none is."""
    text = str(name).lower()
    rated = [(SequenceMatcher(None, text, choice.lower()).ratio(), choice) for choice in choices]
    best = max(rated, default=(0.0, ""), key=lambda each: each[0])
    return best[1] if best[0] >= _ALIKE else ""


@dataclass(frozen=True, slots=True)
class Problem:
    """One error of pydantic's, within what was validated: `loc` as far as it leads into the values."""

    loc: Path
    text: str
    choices: tuple[str, ...] = ()
    of_key: bool = False


def problems(errors: Iterable[Mapping[str, Any]], values: Any, schema: Mapping[str, Any]) -> list[Problem]:
    """One for each place: the branches of a union say the same, and add their choices."""
    merged: dict[tuple[Path, bool], Problem] = {}
    listed = list(errors)
    for error in listed:
        if error["type"] == "too_short" and any(_lies_in(other["loc"], error["loc"]) for other in listed):
            continue  # what did not hold in the list is not counted
        found = _problem(error, values, schema)
        before = merged.get((found.loc, found.of_key))
        choices = (*(before.choices if before else ()), *found.choices)
        merged[found.loc, found.of_key] = Problem(
            found.loc, before.text if before else found.text, choices, found.of_key
        )
    return list(merged.values())


def _lies_in(inner: Sequence[Any], outer: Sequence[Any]) -> bool:
    return len(inner) > len(outer) and tuple(inner[: len(outer)]) == tuple(outer)


def _problem(error: Mapping[str, Any], values: Any, schema: Mapping[str, Any]) -> Problem:
    loc, kind = tuple(map(str, error["loc"])), error["type"]
    context = error.get("ctx", {})
    if kind == "extra_forbidden":
        return Problem(loc, "unknown field", _fields(schema, loc[:-1]), of_key=True)
    if kind == "missing":
        return Problem(loc, "is required")
    inside = _inside(values, loc)
    if kind == "literal_error":
        choices = tuple(_QUOTED.findall(context["expected"]))
        text = "unknown name" if choices else f"{context['expected']} is required"
        return Problem(inside, text, choices, of_key=loc[-1] == "[key]")
    text = _WORDS.get(kind) or str(error["msg"]).removeprefix("Value error, ")
    text = text[:1].lower() + text[1:]
    named = text.partition(":")[0]
    if isinstance(_at(values, inside), Mapping) and named in _fields(schema, inside):
        inside, text = (*inside, named), text.partition(": ")[2]
    return Problem(inside, text, tuple(context.get("choices", ())), of_key=loc[-1:] == ("[key]",))


def _inside(values: Any, loc: Path) -> Path:
    """Without the tags of unions that pydantic puts at the end."""
    for length in range(len(loc) + 1):
        if _at(values, loc[:length]) is _NOTHING:
            return loc[: length - 1]
    return loc


_NOTHING = object()


def _at(values: Any, path: Path) -> Any:
    for name in path:
        if isinstance(values, Mapping) and name in values:
            values = values[name]
        elif isinstance(values, list | tuple) and name.isdigit() and int(name) < len(values):
            values = values[int(name)]
        else:
            return _NOTHING
    return values


def _fields(schema: Mapping[str, Any], path: Path) -> tuple[str, ...]:
    """The names that a JSON Schema allows there."""
    definitions, here = schema.get("$defs", {}), dict(schema)
    for name in (*path, None):
        for of in (here, *here.get("anyOf", ())):
            if "$ref" in of:
                here = definitions[of["$ref"].rpartition("/")[2]]
        if name is None:
            break
        deeper = here.get("items") if name.isdigit() else here.get("properties", {}).get(name)
        patterns = tuple(here.get("patternProperties", {}).values())
        here = deeper or here.get("additionalProperties") or (patterns[0] if patterns else {})
        if not isinstance(here, dict):
            return ()
    return tuple(here.get("properties", {}))
