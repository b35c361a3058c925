"""Which event a question is about: what made an endpoint's version live, a registration, or the event itself."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from function_app.operator.explaining.graph import Graph, Node
from function_app.operator.running import Unknown

_PROMOTED = "mlops.promotion.completed"
_ROLLED_BACK = "mlops.rollback.completed"
_CHANGING = tuple(f"mlops.{subject}." for subject in ("promotion", "rollback"))
_REGISTERED = "mlops.model.registered"
_SHORTEST_ID = 6


@dataclass(frozen=True, slots=True)
class Subject:
    """The event, and in words why this one. `attempts` are what has been tried at the endpoint since.

    A version that is live because another was taken back was `promoted` by an earlier event, None when no ledger entry
    records it; `went` says in words how the other came and went.
    """

    node: Node
    title: str
    went: str = ""
    promoted: Node | None = None
    attempts: tuple[Node, ...] = ()


def subject(graph: Graph, question: str) -> Subject:
    """Raises `Unknown` saying what there is."""
    by_id = _by_id(graph, question)
    if by_id is not None:
        return Subject(by_id, f"What led to event {by_id.id}, and what it led to")
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


def _model(graph: Graph, name: str, version: str) -> Subject:
    registered = _of_type(graph, _REGISTERED)
    wanted = (name.lower(), version.lower())
    found = [node for node in registered if _model_of(node) == wanted]
    if not found:
        known = _listed(":".join(_model_of(node)) for node in registered)
        raise Unknown(f"no registration of {name}:{version} is in the ledger; models there: {known}")
    return Subject(found[0], f"How {name}:{version} came to be, and what became of it")


def _model_of(node: Node) -> tuple[str, str]:
    return _field(node, "model", "name").lower(), _field(node, "model", "version").lower()


def _endpoint(graph: Graph, name: str) -> Subject:
    made_live = _of_type(graph, _PROMOTED, _ROLLED_BACK)
    found = [node for node in made_live if _is_at(node, name)]
    if not found:
        known = _listed(_field(node, "endpoint", "name") for node in made_live)
        what = f"nothing was promoted to endpoint {name!r}, and no event has this id; endpoints with a live version"
        raise Unknown(f"{what}: {known}. A model is named as name:version")
    live = found[-1]
    attempts = tuple(node for node in _changing(graph, name) if node.moment > live.moment)
    if live.type == _PROMOTED:
        return Subject(live, _why_live(live, "package", name), attempts=attempts)
    promoted = [
        node for node in found if node.type == _PROMOTED and _package(node, "package") == _package(live, "restored")
    ]
    went = f"{_package(live, 'package')} was tried, and taken back"
    return Subject(live, _why_live(live, "restored", name), went, promoted[-1] if promoted else None, attempts)


def _why_live(node: Node, package: str, endpoint: str) -> str:
    again = " again" if package == "restored" else ""
    return f"Why {_package(node, package)} is live{again} on {endpoint} (generation {node.data.get('generation')})"


def _package(node: Node, name: str) -> str:
    return f"{_field(node, name, 'model', 'name')}:{_field(node, name, 'model', 'version')}"


def _changing(graph: Graph, endpoint: str) -> list[Node]:
    """What promotion and rollback said of this endpoint, in the order of time."""
    types = {node.type for node in graph.nodes.values() if node.type.startswith(_CHANGING)}
    return [node for node in _of_type(graph, *types) if _is_at(node, endpoint)]


def _is_at(node: Node, endpoint: str) -> bool:
    return _field(node, "endpoint", "name").lower() == endpoint.lower()


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
