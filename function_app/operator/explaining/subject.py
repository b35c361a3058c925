"""Which event a question is about: an endpoint's latest promotion or rollback, a registration, the event itself."""

from collections.abc import Iterable
from typing import Any

from function_app.operator.explaining.graph import Graph, Node
from function_app.operator.running import Unknown

_PROMOTED = "mlops.promotion.completed"
_RESTORED = "mlops.rollback.completed"
_REGISTERED = "mlops.model.registered"
_SHORTEST_ID = 6


def subject(graph: Graph, question: str) -> tuple[Node, str]:
    """The event, and in words why this one; raises `Unknown` saying what there is."""
    by_id = _by_id(graph, question)
    if by_id is not None:
        return by_id, f"What led to event {by_id.id}, and what it led to"
    name, colon, version = question.rpartition(":")
    if colon:
        return _model(graph, name, version)
    return _endpoint(graph, question)


def _by_id(graph: Graph, text: str) -> Node | None:
    if text in graph.nodes:
        return graph.nodes[text]
    found = [node for id, node in graph.nodes.items() if len(text) >= _SHORTEST_ID and id.startswith(text)]
    if len(found) > 1:
        raise Unknown(f"{text} is the beginning of {len(found)} event ids: {_listed(node.id for node in found)}")
    return found[0] if found else None


def _model(graph: Graph, name: str, version: str) -> tuple[Node, str]:
    registered = _of_type(graph, _REGISTERED)
    wanted = (name.lower(), version.lower())
    found = [node for node in registered if _model_of(node) == wanted]
    if not found:
        known = _listed(":".join(_model_of(node)) for node in registered)
        raise Unknown(f"no registration of {name}:{version} is in the ledger; models there: {known}")
    return found[0], f"How {name}:{version} came to be, and what became of it"


def _model_of(node: Node) -> tuple[str, str]:
    return _field(node, "model", "name").lower(), _field(node, "model", "version").lower()


def _endpoint(graph: Graph, name: str) -> tuple[Node, str]:
    promoted = _of_type(graph, _PROMOTED, _RESTORED)
    found = [node for node in promoted if _field(node, "endpoint", "name").lower() == name.lower()]
    if not found:
        known = _listed(_field(node, "endpoint", "name") for node in promoted)
        what = f"nothing was promoted to endpoint {name!r}, and no event has this id; endpoints with a live version"
        raise Unknown(f"{what}: {known}. A model is named as name:version")
    live = found[-1]
    package: Any = live.data.get("restored" if live.type == _RESTORED else "package") or {}
    model = package.get("model") or {}
    how = "live again" if live.type == _RESTORED else "live"
    generation = live.data.get("generation")
    return live, f"Why {model.get('name')}:{model.get('version')} is {how} on {name} (generation {generation})"


def _of_type(graph: Graph, *event_types: str) -> list[Node]:
    found = (node for node in graph.nodes.values() if node.type in event_types)
    return sorted(found, key=lambda node: node.moment)


def _field(node: Node, *path: str) -> str:
    value: Any = node.data
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return str(value or "")


def _listed(names: Iterable[str]) -> str:
    known = sorted(set(names))
    return ", ".join(known[:10]) + (", ..." if len(known) > 10 else "") if known else "none"
