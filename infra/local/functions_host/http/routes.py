"""Route templates of HTTP functions: `models/{name:alpha}/{version:int?}`, matched most specific first."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from infra.local.functions_host.errors import HostError
from infra.local.functions_host.functions import Function, HttpTrigger
from infra.local.functions_host.http.constraints import Constraint, parse_constraint

# Inside a parameter, braces (of a regex constraint) are doubled.
_INSIDE = r"(?:[^{}]|\{\{|\}\})"
_PARAMETER = re.compile(
    rf"\{{(?P<all>\*{{0,2}})(?P<name>[A-Za-z_]\w*)(?P<constraints>(?::{_INSIDE}+?)?)(?P<optional>\?)?\}}(?!\}})"
)
_SEGMENT = re.compile(rf"(?:\{{{_INSIDE}*\}}|[^/{{}}])+")
_RESERVED = ("admin", "runtime")


@dataclass(frozen=True)
class Route:
    """`rank` orders routes: literal segments before constrained ones, those before free ones and catch-alls."""

    function: Function
    trigger: HttpTrigger
    pattern: re.Pattern[str]
    constraints: Sequence[tuple[str, Constraint]]
    rank: tuple[int, ...]

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """The route parameters, or None when method, path or a constraint does not fit."""
        if self.trigger.methods is not None and method not in self.trigger.methods:
            return None
        found = self.pattern.fullmatch(path)
        if found is None:
            return None
        parameters = {name: value for name, value in found.groupdict().items() if value}
        fits = all(check(parameters[name]) for name, check in self.constraints if name in parameters)
        return parameters if fits else None


class Routes:
    """All routes of an app under its prefix."""

    def __init__(self, functions: Sequence[Function], prefix: str) -> None:
        routes = [_route(each, each.trigger, prefix) for each in functions if isinstance(each.trigger, HttpTrigger)]
        self._routes = sorted(routes, key=lambda route: route.rank)

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        path = path.strip("/")
        for route in self._routes:
            parameters = route.match(method, path)
            if parameters is not None:
                return route, parameters
        return None


def _route(function: Function, trigger: HttpTrigger, prefix: str) -> Route:
    template = (function.name if trigger.route is None else trigger.route).strip("/")
    if template.lower().split("/")[0] in _RESERVED:
        raise HostError(f"function {function.name!r}: route {template!r} conflicts with the host's own routes")
    whole = "/".join(part for part in (prefix.strip("/"), template) if part)
    constraints: list[tuple[str, Constraint]] = []
    pattern, rank = "", []
    try:
        segments = _SEGMENT.findall(whole)
        if "/".join(segments) != whole:
            raise ValueError("braces or slashes are not well formed")
        for position, segment in enumerate(segments):
            text, kind = _segment(segment, constraints)
            optional = segment.endswith("?}") or kind == 3
            separated = ("/" if position else "") + text
            pattern += f"(?:{separated})?" if optional else separated
            rank.append(kind)
        compiled = re.compile(pattern, re.IGNORECASE)
    except (ValueError, re.error) as error:
        raise HostError(f"function {function.name!r}: route {template!r}: {error}") from error
    return Route(function, trigger, compiled, constraints, tuple(rank))


def _segment(text: str, constraints: list[tuple[str, Constraint]]) -> tuple[str, int]:
    """The segment's pattern and its kind: 0 literal, 1 constrained, 2 free, 3 catch-all."""
    pattern, end, kind = "", 0, 0
    for found in _PARAMETER.finditer(text):
        name, texts = found["name"], _constraint_texts(found["constraints"])
        constraints.extend((name, parse_constraint(each)) for each in texts)
        kind = 3 if found["all"] else 1 if texts else 2
        value = ".*" if found["all"] else "[^/]+?" if found.end() < len(text) else "[^/]+"
        pattern += re.escape(text[end : found.start()]) + f"(?P<{name}>{value})"
        end = found.end()
    rest = text[end:]
    if "{" in rest or "}" in rest:
        raise ValueError(f"segment {text!r} is not well formed")
    return pattern + re.escape(rest), kind


def _constraint_texts(text: str) -> list[str]:
    """Split at colons outside parentheses."""
    return re.findall(r"(?:[^:(]+(?:\(.*?\)(?=:|$))?)", text.replace("{{", "{").replace("}}", "}"))
