"""YAML with the place of everything in it, so that whatever is wrong can be pointed at."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from shared.policies.layers import Path

# The one in C is many times as fast, where PyYAML was built with it.
_SAFE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
type Place = tuple[int, int]


class _Loader(_SAFE):  # type: ignore[misc]  # which of the two it is, only the machine knows
    """Names are text as it stands there: `off` and `1` are no booleans and no numbers on the left of a colon."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[str, Any]:
        self.flatten_mapping(node)
        return {str(key.value): self.construct_object(value, deep=deep) for key, value in node.value}


class NotYaml(ValueError):
    """The text is no YAML; `place` is where it stops being."""

    def __init__(self, problem: str, place: Place) -> None:
        super().__init__(problem)
        self.place = place


@dataclass(frozen=True, slots=True)
class Source:
    """`keys` are the places of names, `values` those of what stands behind them; `repeated` names stand there twice."""

    data: Any
    keys: dict[Path, Place] = field(default_factory=dict)
    values: dict[Path, Place] = field(default_factory=dict)
    repeated: list[tuple[Path, Place]] = field(default_factory=list)

    def place(self, path: Path, *, of_key: bool = False) -> Place:
        """Of the nearest thing around it that stands in the text."""
        for length in range(len(path), -1, -1):
            found = (self.keys if of_key else self.values).get(path[:length])
            if found:
                return found
        return (1, 1)


def read_yaml(text: str) -> Source:
    """Raises `NotYaml`."""
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        found = Source(None)
        for path, key, value in _walk(node, (), set()):
            if key is not None and path in found.keys:
                found.repeated.append((path, _place(key)))
            if key is not None:
                found.keys[path] = _place(key)
            found.values[path] = _place(value)
        data = loader.construct_document(node) if node is not None else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise NotYaml(str(error.problem), (mark.line + 1, mark.column + 1) if mark else (1, 1)) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise NotYaml(str(error).splitlines()[0], (1, 1)) from error
    finally:
        loader.dispose()
    return Source(data, found.keys, found.values, found.repeated)


def _walk(node: Any, path: Path, seen: set[int]) -> Iterator[tuple[Path, Any, Any]]:
    """Every node once, however often an alias repeats it."""
    if node is None or id(node) in seen:
        return
    seen.add(id(node))
    if not path:
        yield path, None, node
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield (*path, str(key.value)), key, value
            yield from _walk(value, (*path, str(key.value)), seen)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            yield (*path, str(number)), None, value
            yield from _walk(value, (*path, str(number)), seen)


def _place(node: Any) -> Place:
    return node.start_mark.line + 1, node.start_mark.column + 1
