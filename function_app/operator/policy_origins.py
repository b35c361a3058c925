"""Effective limits, each with where it comes from; and the document's JSON Schema with every limit in it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shared.policies import EndpointPolicy, Limits, PolicyDocument


@dataclass(frozen=True, slots=True)
class EffectiveLimit:
    """`path` as in the document, `origin` the uppermost layer that says something about it."""

    path: str
    value: Any
    origin: str


def effective(document: PolicyDocument, endpoint: str) -> list[EffectiveLimit]:
    """Every limit that holds for this endpoint, in the order of the sections."""
    own = document.endpoints.get(endpoint)
    scenario = own.scenario if own else "classical"
    built_in, of_scenario = Limits().model_dump(mode="json"), _scenario_limits(scenario)
    found = []
    for path, value in _leaves(document.limits(endpoint).model_dump(mode="json")):
        if path == ("scenario",):
            origin = f"endpoint {endpoint}" if own and "scenario" in own.model_fields_set else "built in"
        elif own and _says(own.limits, path):
            origin = f"endpoint {endpoint}"
        elif _says(document.defaults, path):
            origin = "defaults"
        else:
            origin = "built in" if _at(of_scenario, path) == _at(built_in, path) else f"scenario {scenario}"
        found.append(EffectiveLimit(".".join(path), value, origin))
    return found


def _scenario_limits(scenario: Any) -> dict[str, Any]:
    bare = PolicyDocument(workspaces={}, endpoints={"any": EndpointPolicy(model="any", scenario=scenario)})
    return bare.limits("any").model_dump(mode="json")


def _leaves(limits: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, value in limits.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, (*path, name))
        else:
            yield (*path, name), value


def _at(limits: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        limits = limits.get(name) if isinstance(limits, Mapping) else None
    return limits


def _says(layer: Any, path: tuple[str, ...]) -> bool:
    for name in path:
        if not isinstance(layer, Mapping) or name not in layer:
            return False
        layer = layer[name]
    return True


def policy_schema() -> dict[str, Any]:
    """Limits are free mappings to the document's class, which merges them; here each has its name and its range."""
    schema = PolicyDocument.model_json_schema()
    limits = Limits.model_json_schema()
    definitions = {**schema.get("$defs", {}), **limits.pop("$defs", {})}
    limits.get("properties", {}).pop("scenario", None)
    definitions["Limits"] = limits
    schema["properties"]["defaults"] = {"$ref": "#/$defs/Limits", "description": "for every endpoint"}
    definitions["EndpointPolicy"]["properties"]["limits"] = {"$ref": "#/$defs/Limits"}
    # The workspaces may come from settings instead.
    schema["required"] = [name for name in schema.get("required", ()) if name != "workspaces"]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "$defs": definitions}
