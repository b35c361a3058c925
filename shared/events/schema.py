"""The catalogue as JSON Schema 2020-12, and the rule by which a schema may change.

`python -m shared.events.schema` writes `schemas/<type>.v<version>.json` anew.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shared.events.catalogue import event_types
from shared.events.event import Event

FOLDER = Path(__file__).parent / "schemas"


def file_name(event_type: type[Event]) -> str:
    return f"{event_type.type}.v{event_type.version}.json"


def schema_of(event_type: type[Event]) -> dict[str, Any]:
    """The schema of an event's `data`."""
    own = event_type.model_json_schema(mode="validation")
    identity = f"urn:sluice:{event_type.type}:{event_type.version}"
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": identity, **own}


def breaks(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Why data written by the old schema's code cannot be read by the new one's: without a new version, forbidden."""
    before, after = old.get("properties", {}), new.get("properties", {})
    demanded = set(new.get("required", ())) - set(old.get("required", ()))
    problems = [f"{name} is now required" for name in sorted(demanded)]
    for name in sorted(before.keys() & after.keys()):
        if _shape(before[name]) != _shape(after[name]):
            problems.append(f"{name} changed its shape")
    return [*problems, *(f"{name} is gone" for name in sorted(before.keys() - after.keys()))]


def _shape(schema: Any) -> Any:
    """A schema without its words, which may change freely."""
    if isinstance(schema, dict):
        return {key: _shape(value) for key, value in schema.items() if key not in ("description", "title", "default")}
    return [_shape(each) for each in schema] if isinstance(schema, list) else schema


def text(schema: Mapping[str, Any]) -> str:
    return json.dumps(schema, indent=1, sort_keys=True) + "\n"


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for event_type in event_types().values():
        (FOLDER / file_name(event_type)).write_text(text(schema_of(event_type)))


if __name__ == "__main__":
    main()
