"""Writing a policy document: what a command adds stands in it with comments, and all else stays as it was."""

from collections.abc import Iterator, Sequence
from difflib import unified_diff

from function_app.operator.running import Unknown
from shared.policies.finding import likely
from shared.policies.yaml_text import NotYaml, Source, read_yaml

_ENDPOINTS = ("endpoints",)


def with_endpoint(text: str, name: str, model: str, scenario: str, like: str = "") -> str:
    """The document with one endpoint more, the last; of `like` it has the limits. Raises `Unknown`."""
    try:
        source = read_yaml(text)
    except NotYaml as error:
        raise Unknown(f"{error.place[0]}:{error.place[1]}: not YAML: {error}") from error
    listed = [path[1] for path in source.keys if path[:1] == _ENDPOINTS and len(path) == 2]
    if name in listed:
        raise Unknown(f"endpoint {name} is in the document already, line {source.keys[(*_ENDPOINTS, name)][0]}")
    if like and like not in listed:
        meant = likely(like, listed)
        raise Unknown(f"there is no endpoint {like}" + (f"; did you mean {meant}?" if meant else ""))
    lines = text.splitlines()
    if _ENDPOINTS not in source.keys:
        return "\n".join([*lines, "", "endpoints:", *_section(name, model, scenario, "  ", "    ", ())]) + "\n"
    start, end = source.keys[_ENDPOINTS][0], _end(lines, source, _ENDPOINTS)
    if not listed or source.values[_ENDPOINTS][0] == start:
        raise Unknown(f"line {start}: endpoints must be written with a line for each: it cannot be added to as it is")
    limits = _limits(lines, source, like) if like else ()
    section = _section(name, model, scenario, *_indents(source, like or listed[0]), limits)
    return "\n".join([*lines[:end], *section, *lines[end:]]) + "\n"


def _indents(source: Source, like: str) -> tuple[str, str]:
    """Of an endpoint and of what is said of it, as this one has them."""
    outer = source.keys[(*_ENDPOINTS, like)]
    inner = next((at for path, at in source.keys.items() if path[:2] == (*_ENDPOINTS, like) and len(path) == 3), outer)
    within = inner[1] if inner[0] > outer[0] else outer[1] + 2
    return " " * (outer[1] - 1), " " * (within - 1)


def _section(name: str, model: str, scenario: str, indent: str, inner: str, limits: Sequence[str]) -> Iterator[str]:
    yield f"{indent}{name}:"
    yield f"{inner}model: {model}  # the registered model that serves this endpoint"
    yield f"{inner}scenario: {scenario}  # classical, cv or nlp"
    if not limits:
        yield f"{inner}# limits: {{}}  # of this endpoint alone; else those of its scenario and of defaults hold"
    yield from limits


def _limits(lines: Sequence[str], source: Source, like: str) -> Sequence[str]:
    """As they stand there, comments included."""
    path = (*_ENDPOINTS, like, "limits")
    if path not in source.keys:
        return ()
    if source.keys[path][0] == source.keys[(*_ENDPOINTS, like)][0]:
        raise Unknown(f"line {source.keys[path][0]}: the limits of {like} must stand on lines of their own")
    return lines[source.keys[path][0] - 1 : _end(lines, source, path)]


def _end(lines: Sequence[str], source: Source, path: tuple[str, ...]) -> int:
    """How many lines there are to the end of what stands under this name, without what is said of the next one."""
    line, column = source.keys[path]
    later = [at[0] for at in source.keys.values() if at[0] > line and at[1] <= column]
    end = min(later, default=len(lines) + 1) - 1
    while end > line and (not (said := lines[end - 1].strip()) or (said.startswith("#") and later)):
        end -= 1
    return end


def difference(before: str, after: str, name: str) -> list[str]:
    """As a unified diff."""
    return list(unified_diff(before.splitlines(), after.splitlines(), name, name, lineterm="", n=2))
