"""Which models are here: `GET /v2/models`, and the index of the protocol's model repository extension.

https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_model_repository.md
"""

from collections.abc import Sequence

import orjson

from services.scoring.model.table import Table
from services.scoring.protocol.answers import Answer, Problem


def models(tables: Sequence[Table]) -> Answer:
    """The names of all that may be asked for."""
    return Answer(200, orjson.dumps({"models": sorted({name for table in tables for name in table.names})}))


def repository_index(tables: Sequence[Table], body: bytes) -> Answer:
    """Each version that is loaded, and each model that should be; with `{"ready": true}`, the former alone."""
    try:
        asked = orjson.loads(body) if body.strip() else {}
    except orjson.JSONDecodeError as error:
        return Problem(400, f"body: not JSON ({error})").answer()
    only_ready = asked.get("ready") if isinstance(asked, dict) else asked
    if only_ready not in (None, True, False):
        return Problem(400, f'body: {{"ready": true}}, {{}} or nothing is required, found {asked!r:.100}').answer()
    found = [
        {"name": each.name, "version": each.number, "state": "READY"} for table in tables for each in table.versions
    ]
    if not only_ready:
        found += [{"name": name, "state": "UNAVAILABLE"} for table in tables for name in sorted(table.missing)]
    return Answer(200, orjson.dumps(found))
