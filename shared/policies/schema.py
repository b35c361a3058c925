"""The JSON Schema of the document, with every limit in it: layers are free mappings to the class that merges them."""

from typing import Any

from shared.policies.document import PolicyDocument
from shared.policies.section import sections

_LAYERS = ("scenarios", "workspaces", "subscriptions", "projects", "registries")
_LIMITS = {"$ref": "#/$defs/Limits"}


def policy_schema() -> dict[str, Any]:
    """Of the sections that are declared. A document of version 1 needs no schema any more: it is read all the same."""
    schema = PolicyDocument.model_json_schema()
    definitions: dict[str, Any] = schema.get("$defs", {})
    definitions["Limits"] = {"type": "object", "additionalProperties": False, "properties": _sections(definitions)}
    schema["properties"]["defaults"] = {**_LIMITS, "description": "for everything"}
    for layer in _LAYERS:
        schema["properties"][layer]["additionalProperties"] = _LIMITS
    definitions["EndpointPolicy"]["properties"]["limits"] = _LIMITS
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "$defs": definitions}


def _sections(definitions: dict[str, Any]) -> dict[str, Any]:
    """No section requires a field: what a layer leaves open shines through."""
    found = {}
    for name, kind in sections().items():
        section = kind.model_json_schema()
        definitions.update(section.pop("$defs", {}))
        found[name] = section
    return found
