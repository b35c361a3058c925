"""Route templates of HTTP functions, `models/{name:alpha}/{version:int?}`; the first by name that fits wins."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from infra.local.functions_host.errors import HostError
from infra.local.functions_host.functions import Function, HttpTrigger
from infra.local.functions_host.http.constraints import Constraint, parse_constraint

# Inside a parameter, braces (of a regex constraint) are doubled.
_INSIDE = r"(?:[^{}]|\{\{|\}\})"
_PARAMETER = re.compile(
    rf"\{{(?P<all>\*{{0,2}})(?P<name>[A-Za-z_]\w*)(?P<constraints>(?::{_INSIDE}+?)?)"
    rf"(?P<default>(?:={_INSIDE}*?)?)(?P<optional>\?)?\}}(?!\}})"
)
_SEGMENT = re.compile(rf"(?:\{{{_INSIDE}*\}}|[^/{{}}])+")
# Beginnings of a route, so that `administer` is reserved as well.
_RESERVED = ("admin", "runtime")


@dataclass(frozen=True)
class Route:
    """`template` is under the app's prefix; `defaults` are of parameters that a path need not name."""

    function: Function
    trigger: HttpTrigger
    template: str
    pattern: re.Pattern[str]
    constraints: Sequence[tuple[str, Constraint]]
    defaults: dict[str, str]

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """The route parameters, or None when method, path or a constraint does not fit."""
        if self.trigger.methods is not None and method not in self.trigger.methods:
            return None
        found = self.pattern.fullmatch(path)
        if found is None:
            return None
        parameters = self.defaults | {name: value for name, value in found.groupdict().items() if value}
        fits = all(check(parameters[name]) for name, check in self.constraints if name in parameters)
        return parameters if fits else None


class Routes:
    """All routes of an app under its prefix. Raises `HostError` for one that the real host does not serve."""

    def __init__(self, functions: Sequence[Function], prefix: str) -> None:
        # However particular a route is, the real host asks the functions in the order of their names.
        ordered = sorted(functions, key=lambda function: function.name.lower())
        self.all = [_route(each, each.trigger, prefix) for each in ordered if isinstance(each.trigger, HttpTrigger)]
        _refuse_doubled(self.all)

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """`path` begins with a slash, and may end with one more that does not count."""
        path = path.removeprefix("/").removesuffix("/")
        for route in self.all:
            parameters = route.match(method, path)
            if parameters is not None:
                return route, parameters
        return None


def _route(function: Function, trigger: HttpTrigger, prefix: str) -> Route:
    template = (trigger.route or function.name).strip("/")
    if template.lower().startswith(_RESERVED):
        raise HostError(f"function {function.name!r}: route {template!r} conflicts with the host's own routes")
    if re.search("%[^%]+%", template):
        raise HostError(f"function {function.name!r}: route {template!r}: settings are not put into routes")
    whole = "/".join(part for part in (prefix.strip("/"), template) if part)
    try:
        pattern, constraints, defaults = _parsed(whole)
    except (ValueError, re.error) as error:
        raise HostError(f"function {function.name!r}: route {template!r}: {error}") from error
    return Route(function, trigger, whole, pattern, constraints, defaults)


def _parsed(whole: str) -> tuple[re.Pattern[str], list[tuple[str, Constraint]], dict[str, str]]:
    segments = _SEGMENT.findall(whole)
    if "/".join(segments) != whole:
        raise ValueError("braces or slashes are not well formed")
    constraints: list[tuple[str, Constraint]] = []
    defaults: dict[str, str] = {}
    pattern = ""
    for position, segment in enumerate(segments):
        text, may_be_absent = _segment(segment, constraints, defaults)
        separated = ("/" if position else "") + text
        pattern += f"(?:{separated})?" if may_be_absent else separated
    return re.compile(pattern, re.IGNORECASE), constraints, defaults


def _segment(text: str, constraints: list[tuple[str, Constraint]], defaults: dict[str, str]) -> tuple[str, bool]:
    """The segment's pattern, and whether a path may end before it."""
    pattern, end, may_be_absent = "", 0, False
    for found in _PARAMETER.finditer(text):
        name = found["name"]
        constraints.extend((name, parse_constraint(each)) for each in _constraint_texts(found["constraints"]))
        if found["default"]:
            defaults[name] = found["default"].removeprefix("=")
        may_be_absent = bool(found["optional"] or found["default"] or found["all"])
        # Of several parameters in a segment the first takes as much as it can.
        pattern += re.escape(text[end : found.start()]) + f"(?P<{name}>{'.*' if found['all'] else '[^/]+'})"
        end = found.end()
    rest = text[end:]
    if "{" in rest or "}" in rest:
        raise ValueError(f"segment {text!r} is not well formed")
    return pattern + re.escape(rest), may_be_absent and not rest


def _constraint_texts(text: str) -> list[str]:
    """Split at colons outside parentheses."""
    return re.findall(r"(?:[^:(]+(?:\(.*?\)(?=:|$))?)", text.replace("{{", "{").replace("}}", "}"))


def _refuse_doubled(routes: Sequence[Route]) -> None:
    seen: dict[tuple[str, str], str] = {}
    for route in routes:
        for method in route.trigger.methods or ("*",):
            other = seen.setdefault((route.template.lower(), method), route.function.name)
            if other != route.function.name:
                name = route.function.name
                raise HostError(f"function {name!r}: route {route.template!r} is that of function {other!r}, too")
