"""Limits in layers: what an upper one says of a field wins, and everything else shines through."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

type Overrides = Mapping[str, Any]
type Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Layer:
    """`path` is where it stands in the document, so that whatever is wrong can be named whole."""

    path: Path
    says: Overrides


def merged(layers: Iterable[Overrides]) -> dict[str, Any]:
    """The last one wins, field by field; a list is one value."""
    result: dict[str, Any] = {}
    for layer in layers:
        result = _over(result, layer)
    return result


def _over(below: Overrides, above: Overrides) -> dict[str, Any]:
    result = dict(below)
    for name, value in above.items():
        inner = result.get(name)
        deeper = isinstance(inner, Mapping) and isinstance(value, Mapping)
        result[name] = _over(inner or {}, value) if deeper else value
    return result


def says(layer: Any, path: Path) -> bool:
    """Whether a layer says something of this field."""
    for name in path:
        if not isinstance(layer, Mapping) or name not in layer:
            return False
        layer = layer[name]
    return True


def part(layer: Overrides, name: str) -> Overrides:
    """One section of a layer; what is no mapping is an error that the document's check names."""
    found = layer.get(name)
    return found if isinstance(found, Mapping) else {}
