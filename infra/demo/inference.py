"""What an application sends to the scoring app: the Open Inference Protocol v2, one tensor a feature."""

import json
import uuid
from typing import Any

import numpy as np
import pandas as pd

from infra.pipelines.flights.data import CATEGORICAL, FEATURES


def request(flights: pd.DataFrame) -> bytes:
    """Keys and times let the truth find its prediction later."""
    document = {
        "id": str(uuid.uuid4()),
        "inputs": [_tensor(name, flights[name]) for name in FEATURES],
        "parameters": {
            "keys": json.dumps(flights["key"].tolist()),
            "observed_at": json.dumps([moment.isoformat() for moment in flights["observed_at"]]),
        },
    }
    return json.dumps(document).encode()


def _tensor(name: str, cells: "pd.Series[Any]") -> dict[str, Any]:
    text = name in CATEGORICAL
    values = cells.tolist() if text else [None if np.isnan(cell) else float(cell) for cell in cells]
    return {"name": name, "shape": [len(cells), 1], "datatype": "BYTES" if text else "FP32", "data": values}
