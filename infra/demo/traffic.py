"""The world: asks the scoring app about flights in the order in which they left, and tells later how they arrived."""

import asyncio
import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import aiohttp
import numpy as np
import pandas as pd
from azure.eventhub import EventData
from azure.eventhub.aio import EventHubProducerClient

from infra.demo.run import Run
from infra.pipelines.flights.data import CATEGORICAL, FEATURES, LABEL

# Few rows a request, many requests: a canary counts requests.
ROWS_A_REQUEST, ROWS_A_MESSAGE = 10, 200
_AT_ONCE = 4


class Traffic:
    """`requests`, `rows` and `failures` count what was asked, `labels` what was told."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._endpoint = {"workspace": run.workspace_id("production"), "name": "flights"}
        self._untold = pd.DataFrame()
        self.requests = self.rows = self.failures = self.labels = 0

    async def __aenter__(self) -> "Traffic":
        self._session = aiohttp.ClientSession(headers={"x-functions-key": self._run.function_key("scoring")})
        self._hub = EventHubProducerClient.from_connection_string(self._run.hubs["truth-labels"])
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()
        await self._hub.close()

    async def replay(self, flights: pd.DataFrame) -> None:
        """Score these flights; then tell what is certain by the time the last of them leaves."""
        gate = asyncio.Semaphore(_AT_ONCE)
        await asyncio.gather(*(self._score(part, gate) for part in _parts(flights, ROWS_A_REQUEST)))
        self._untold = pd.concat([self._untold, flights[["key", LABEL, "label_at"]]])
        if len(flights):
            await self.tell(flights["observed_at"].iloc[-1])

    async def tell(self, until: pd.Timestamp | None = None) -> None:
        """Send the labels that are known at `until`; all of them without a time."""
        known = self._untold["label_at"] <= until if until is not None else self._untold["label_at"].notna()
        told, self._untold = self._untold[known], self._untold[~known]
        for part in _parts(told, ROWS_A_MESSAGE):
            await self._send(part)

    async def _score(self, flights: pd.DataFrame, gate: asyncio.Semaphore) -> None:
        url = f"{self._run.endpoint('scoring')}/v2/models/flights/infer"
        async with gate, self._session.post(url, data=json.dumps(_request(flights))) as answer:
            self.requests += 1
            self.rows += len(flights)
            if answer.status != 200:
                self.failures += 1
            await answer.read()

    async def _send(self, flights: pd.DataFrame) -> None:
        event = {
            "specversion": "1.0",
            "id": str(uuid.uuid4()),
            "source": "/airlines/arrivals",
            "type": "mlops.labels.recorded",
            "time": datetime.now(UTC).isoformat(),
            "datacontenttype": "application/json",
            "dataschema": "urn:sluice:mlops.labels.recorded:1",
            "data": {
                "endpoint": self._endpoint,
                "keys": flights["key"].tolist(),
                "labels": flights[LABEL].astype(float).tolist(),
                "observed_at": [moment.isoformat() for moment in flights["label_at"]],
            },
        }
        await self._hub.send_batch([EventData(json.dumps(event))])
        self.labels += len(flights)


def _parts(flights: pd.DataFrame, rows: int) -> Iterator[pd.DataFrame]:
    for start in range(0, len(flights), rows):
        yield flights.iloc[start : start + rows]


def _request(flights: pd.DataFrame) -> dict[str, Any]:
    """Open Inference Protocol v2: one tensor a feature; keys and times let the truth find its prediction later."""
    return {
        "id": str(uuid.uuid4()),
        "inputs": [_tensor(name, flights[name]) for name in FEATURES],
        "parameters": {
            "keys": json.dumps(flights["key"].tolist()),
            "observed_at": json.dumps([moment.isoformat() for moment in flights["observed_at"]]),
        },
    }


def _tensor(name: str, cells: "pd.Series[Any]") -> dict[str, Any]:
    text = name in CATEGORICAL
    values = cells.tolist() if text else [None if np.isnan(cell) else float(cell) for cell in cells]
    return {"name": name, "shape": [len(cells), 1], "datatype": "BYTES" if text else "FP32", "data": values}
