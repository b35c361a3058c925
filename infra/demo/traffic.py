"""The world: asks the scoring app about flights in the order in which they left, and tells later how they arrived."""

import asyncio
import json
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import aiohttp
import pandas as pd
from azure.eventhub import EventData
from azure.eventhub.aio import EventHubProducerClient

from infra.demo.inference import Flight, request
from infra.demo.run import Run
from infra.pipelines.flights.data import LABEL

ROWS_A_REQUEST = 200
_AT_ONCE = 4
# Applications, each of which asks about one flight, waits for the answer, and thinks about it.
APPLICATIONS = 12
_THINK_S = 0.04


class Traffic:
    """`requests`, `rows` and `failures` count what was asked, `answers` by which version, `labels` what was told."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._endpoint = {"workspace": run.workspace_id("production"), "name": "flights"}
        self._untold, self._topic, self._asked = pd.DataFrame(), pd.DataFrame(), 0
        self._flights: Sequence[Flight] = ()
        self.requests = self.rows = self.failures = self.labels = 0
        self.answers: Counter[str] = Counter()

    async def __aenter__(self) -> "Traffic":
        self._session = aiohttp.ClientSession(headers={"x-functions-key": self._run.function_key("scoring")})
        self._hub = EventHubProducerClient.from_connection_string(self._run.hubs["truth-labels"])
        self._is_busy = self._is_over = False
        self._applications = [asyncio.create_task(self._ask_on()) for _ in range(APPLICATIONS)]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.rest()
        await self._session.close()
        await self._hub.close()

    async def replay(self, flights: pd.DataFrame) -> None:
        """Score these flights; then tell what is certain by the time the last of them leaves."""
        gate = asyncio.Semaphore(_AT_ONCE)
        await asyncio.gather(*(self._score(part.to_dict("records"), gate) for part in _parts(flights)))
        self._remember(flights)
        if len(flights):
            await self.tell(flights["observed_at"].iloc[-1])

    def ask_about(self, flights: pd.DataFrame) -> None:
        """What applications ask about while they are busy: one by one, and from the beginning when they are through."""
        self._remember(self._topic.iloc[: self._asked])
        self._topic, self._flights, self._asked = flights, flights.to_dict("records"), 0

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Applications ask as long as the block lasts: a canary step needs its requests."""
        self._is_busy = True
        try:
            yield
        finally:
            self._is_busy = False

    async def rest(self) -> None:
        """Applications ask no more, and have all their answers."""
        self._is_over = True
        await asyncio.gather(*self._applications)

    async def _ask_on(self) -> None:
        gate = asyncio.Semaphore()
        while not self._is_over:
            if self._flights and self._is_busy:
                flight = self._flights[self._asked % len(self._flights)]
                self._asked += 1
                await self._score([flight], gate)
            await asyncio.sleep(_THINK_S)

    def _remember(self, flights: pd.DataFrame) -> None:
        if len(flights):
            self._untold = pd.concat([self._untold, flights[["key", LABEL, "label_at"]]])

    async def tell(self, until: pd.Timestamp | None = None) -> None:
        """Send the labels that are known at `until`; all of them without a time."""
        known = self._untold["label_at"] <= until if until is not None else self._untold["label_at"].notna()
        told, self._untold = self._untold[known], self._untold[~known]
        for part in _parts(told):
            await self._send(part)

    async def _score(self, flights: Sequence[Flight], gate: asyncio.Semaphore) -> None:
        async with gate:
            self.requests += 1
            self.rows += len(flights)
            try:
                version = await self._answered(request(flights))
            except aiohttp.ClientError:
                self.failures += 1
            else:
                self.answers[version] += 1

    async def _answered(self, body: bytes) -> str:
        """The version that answered; raises `ClientError` for any other answer than 200."""
        url = f"{self._run.endpoint('scoring')}/v2/models/flights/infer"
        async with self._session.post(url, data=body, raise_for_status=True) as answer:
            await answer.read()
            return answer.headers["sluice-model-version"]

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


def _parts(flights: pd.DataFrame) -> Iterator[pd.DataFrame]:
    for start in range(0, len(flights), ROWS_A_REQUEST):
        yield flights.iloc[start : start + ROWS_A_REQUEST]
