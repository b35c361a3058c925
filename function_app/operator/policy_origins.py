"""Effective limits, each with where it comes from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shared.policies import JobLimits, OwnJob, PolicyDocument, Section
from shared.policies.layers import Layer, Path, says
from shared.policies.section import sections

_BUILT_IN = "built in"
_WORDS = {
    "scenarios": "scenario",
    "workspaces": "workspace",
    "subscriptions": "subscription",
    "projects": "project",
    "registries": "registry",
    "endpoints": "endpoint",
}


@dataclass(frozen=True, slots=True)
class EffectiveLimit:
    """`path` as in the document, `origin` the uppermost layer that says something about it."""

    path: str
    value: Any
    origin: str


def effective(document: PolicyDocument, endpoint: str) -> list[EffectiveLimit]:
    """Every limit that holds for this endpoint, in the order of the sections' names."""
    own = document.listed(endpoint)
    said = own is not None and "scenario" in own.model_fields_set
    scenario = document.scenario(document.scope_named(endpoint))
    found = [EffectiveLimit("scenario", scenario, f"endpoint {endpoint}" if said else _BUILT_IN)]
    for kind in sections().values():
        found += _of_section(document, endpoint, kind)
    return found


def _of_section(document: PolicyDocument, endpoint: str, kind: type[Section]) -> Iterator[EffectiveLimit]:
    scope = document.scope_named(endpoint)
    layers = document.layers(scope)
    jobs = document.job(kind, scope).model_dump(mode="json") if issubclass(kind, OwnJob) else {}
    ruled = {rule.field: rule for rule in kind.rules if document.scenario(scope) in rule.scenarios}
    for path, value in _leaves(document.section(kind, scope).model_dump(mode="json")):
        full, origin = (kind.section, *path), _origin(layers, (kind.section, *path))
        if value is None and path[0] in jobs:
            value, origin = jobs[path[0]], _origin(layers, (JobLimits.section, *path))
        if path[0] in ruled and value == ruled[path[0]].instead and origin in (_BUILT_IN, "defaults"):
            origin = f"rule of scenario {document.scenario(scope)}"
        yield EffectiveLimit(".".join(full), value, origin)


def _origin(layers: list[Layer], path: Path) -> str:
    return next((_named(layer.path) for layer in reversed(layers) if says(layer.says, path)), _BUILT_IN)


def _named(path: Path) -> str:
    """`("endpoints", "flights", "limits")` is "endpoint flights"; a workspace by id is named by its last part."""
    return f"{_WORDS[path[0]]} {path[1].rpartition('/')[2]}" if len(path) > 1 else path[0]


def _leaves(limits: Mapping[str, Any], path: Path = ()) -> Iterator[tuple[Path, Any]]:
    for name, value in limits.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, (*path, name))
        else:
            yield (*path, name), value
