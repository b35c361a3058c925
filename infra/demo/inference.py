"""What an application sends to the scoring app: the Open Inference Protocol v2, one tensor a feature."""

import json
import uuid
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from infra.pipelines.flights.data import CATEGORICAL, FEATURES

# A row of the table of flights, by column.
type Flight = Mapping[Hashable, Any]


def request(flights: Sequence[Flight]) -> bytes:
    """Keys and times let the truth find its prediction later."""
    document = {
        "id": str(uuid.uuid4()),
        "inputs": [_tensor(name, [flight[name] for flight in flights]) for name in FEATURES],
        "parameters": {
            "keys": json.dumps([flight["key"] for flight in flights]),
            "observed_at": json.dumps([flight["observed_at"].isoformat() for flight in flights]),
        },
    }
    return json.dumps(document).encode()


def _tensor(name: str, cells: list[Any]) -> dict[str, Any]:
    """What is not known is null: NaN differs from itself."""
    text = name in CATEGORICAL
    data = cells if text else [float(cell) if cell == cell else None for cell in cells]
    return {"name": name, "shape": [len(cells), 1], "datatype": "BYTES" if text else "FP32", "data": data}
