"""`python -m shared.packages.schema` publishes the JSON Schema of `signature.json` for teams that write packages."""

import json
from pathlib import Path

from shared.packages.signature import Signature

PUBLISHED = Path(__file__).with_name("schemas") / "signature.v2.json"


def signature_schema() -> str:
    """JSON Schema 2020-12, as it is published."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:sluice:model-package:signature:2",
        **Signature.model_json_schema(),
    }
    return json.dumps(schema, indent=2) + "\n"


if __name__ == "__main__":
    PUBLISHED.write_text(signature_schema(), encoding="utf-8")
