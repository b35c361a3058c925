"""Messages of every body to each hub that others may write to, and what came of them at the receivers."""

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from azure.eventhub.aio import EventHubProducerClient
from azure.eventhub.amqp import AmqpAnnotatedMessage

from shared.adapters.azure.event_hubs.reader import EventHubReader
from shared.adapters.azure.storage.folds import TableFolds
from shared.adapters.azure.storage.positions import TablePositions
from shared.events import DeadLettered, Envelope, LabelsRecorded, PredictionsCaptured, RedriveRequested, decode, encode
from shared.ports import Hub, Place, Position, Unavailable
from tests.faults.endpoints import Endpoint, workspace
from tests.faults.system import System

BODIES: Mapping[str, dict[str, Any]] = {
    "value": {"value_body": "a value"},
    "sequence": {"sequence_body": [[1, "two"]]},
    "empty": {"data_body": b""},
    "not UTF-8": {"data_body": b"\xff\xfe{"},
}
# How many good messages stand before and after the bad one.
PLACES: Mapping[str, tuple[int, int]] = {"alone": (0, 0), "first": (0, 99), "middle": (50, 49), "last": (99, 0)}
READERS: Mapping[Hub, Sequence[str]] = {
    "inbound": ("intake",),
    "decisions": ("commands",),
    "labels": ("monitoring",),
    "predictions": ("monitoring", "instances"),
}
# Of the folds of a hub one buries what cannot be read.
BURIES: Mapping[Hub, str] = {hub: readers[0] for hub, readers in READERS.items()}
_FOLDED = {"labels", "predictions"}
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def good(hub: Hub, name: str) -> bytes:
    """A message that leaves a trace with this name at its receiver."""
    if hub == "inbound":
        return json.dumps(_run_ended(name)).encode()
    return encode(Envelope.first(_fact(hub, name), id=str(uuid4()), source="/tests", time=START))


def _run_ended(name: str) -> dict[str, Any]:
    return {
        "specversion": "1.0", "id": str(uuid4()), "source": workspace("development"), "subject": f"runs/{name}",
        "type": "Microsoft.MachineLearningServices.RunCompleted", "time": START.isoformat(),
        "data": {"runId": name, "runTags": {}, "runProperties": {}},
    }  # fmt: skip


def _fact(hub: Hub, name: str) -> Any:
    endpoint = Endpoint(0)
    if hub == "decisions":
        # Refused by name, for nothing was decided: an order that leaves nothing behind that later ones would read.
        about = str(endpoint.ref.entity)
        return RedriveRequested(service="promotion", about=about, decision=name, operator="petra", reason=name)
    if hub == "labels":
        return LabelsRecorded(endpoint=endpoint.ref, keys=(name,), observed_at=(START,), labels=(1.0,))
    columns = {"inputs": {"distance": (1.0,)}, "outputs": {"probability": (0.5,)}}
    return PredictionsCaptured(
        endpoint=endpoint.ref, package=endpoint.package, keys=(name,), observed_at=(START,), **columns
    )


@dataclass
class Crowd:
    """`sent_at` says of each message when it was sent, by hub and partition: nobody else sends there."""

    system: System
    sent_at: dict[tuple[Hub, int], list[datetime]] = field(default_factory=lambda: defaultdict(list))
    names: dict[Hub, set[str]] = field(default_factory=lambda: defaultdict(set))
    bad: set[tuple[Hub, int, int]] = field(default_factory=set)
    longest_s: float = 0.0

    async def send(self, hub: Hub, partition: int, before: int, after: int, body: Mapping[str, Any] | None) -> None:
        """One batch: so many good messages, a bad one unless `body` is None, and again good ones."""
        bodies = [self._good(hub), *(self._good(hub) for _ in range(before + after - 1))] if before + after else []
        messages = [AmqpAnnotatedMessage(data_body=each) for each in bodies]
        if body is not None:
            messages.insert(before, AmqpAnnotatedMessage(**body))
            self.bad.add((hub, partition, len(self.sent_at[hub, partition]) + before))
        async with EventHubProducerClient.from_connection_string(self.system.connection(hub)) as producer:
            batch = await producer.create_batch(partition_id=str(partition))
            for message in messages:
                batch.add(message)
            await producer.send_batch(batch)
        self.sent_at[hub, partition] += [datetime.now(UTC)] * len(messages)

    def _good(self, hub: Hub) -> bytes:
        name = uuid4().hex
        self.names[hub].add(name)
        return good(hub, name)

    async def send_good(self, count: int, hubs: Sequence[Hub] = tuple(READERS)) -> None:
        """So many to each of these hubs, spread over the partitions, up to a hundred in a batch."""
        size = min(100, count)
        for number in range(count // size):
            partition = number % self.system.partitions
            await asyncio.gather(*(self.send(hub, partition, size, 0, None) for hub in hubs))

    async def behind(self) -> int:
        """Messages that some reader has not seen to; notes how long the first of each has waited."""
        try:
            positions = await self._positions()
        except Unavailable:
            return -1
        now, left = datetime.now(UTC), 0
        for (hub, partition), sent in self.sent_at.items():
            for reader in READERS[hub]:
                position = positions.get(Place(reader, hub, partition))
                seen = position.sequence + 1 if position else 0
                if seen < len(sent):
                    left += len(sent) - seen
                    self.longest_s = max(self.longest_s, (now - sent[seen]).total_seconds())
        return left

    async def all_but(self, hub: Hub) -> bool:
        """Whether the readers of all other hubs have seen to everything."""
        positions = await self._positions()
        return all(
            (position := positions.get(Place(reader, other, partition))) and position.sequence == len(sent) - 1
            for (other, partition), sent in self.sent_at.items()
            if other != hub
            for reader in READERS[other]
        )

    async def _positions(self) -> dict[Place, Position]:
        tables = self.system.storage.tables
        found = {place: position async for place, position in TablePositions(tables).all()}
        folds = TableFolds(tables)
        for hub, partition in self.sent_at:
            for reader in READERS[hub] if hub in _FOLDED else ():
                place = Place(reader, hub, partition)
                if position := await folds.position(place):
                    found[place] = position
        return found

    async def is_received(self) -> bool:
        """Whether everything good has left its trace: what a lane has passed may wait in its chain's queue."""
        try:
            received = await self._received()
        except Unavailable:
            return False
        return all(not Counter(names) - received[hub] for hub, names in self.names.items())

    async def _received(self) -> dict[Hub, Counter[str]]:
        return {
            "inbound": Counter(each.data.job.name for each in await self._events("mlops.job.ended")),
            "decisions": Counter(each.data.reason for each in await self._events("mlops.redrive.refused")),
            "labels": Counter(await self._keys("labels")),
            "predictions": Counter(await self._keys("captures")),
        }

    async def assert_nothing_lost_or_doubled(self) -> None:
        received = await self._received()
        for hub, names in self.names.items():
            assert (hub, Counter(names) - received[hub]) == (hub, Counter()), "lost"
            assert (hub, received[hub] - Counter(names)) == (hub, Counter()), "doubled"
        assert await self._letters() == Counter((BURIES[hub], hub, *where) for hub, *where in self.bad)

    async def _read(self, hub: Hub) -> list[Envelope[Any]]:
        """Each id once: what is repeated under its id is known by it."""
        reader = EventHubReader(self.system.connections, {hub: "observers"})

        async def partition(number: int, end: int) -> dict[str, Envelope[Any]]:
            found, first = dict[str, Envelope[Any]](), 0
            while first < end and (messages := await reader.read(hub, number, first, end)):
                first = messages[-1].sequence + 1
                found |= {each.id: each for each in (decode(message.body) for message in messages)}
            return found

        ends = enumerate(self.system.held(hub))
        return [each for found in await asyncio.gather(*(partition(*end) for end in ends)) for each in found.values()]

    async def _events(self, kind: str) -> list[Envelope[Any]]:
        return [each for each in await self._read("events") if each.data.type == kind]

    async def _letters(self) -> Counter[tuple[str, str, int, int]]:
        letters = [each.data for each in await self._read("dead-letter") if isinstance(each.data, DeadLettered)]
        assert all(each.reason.startswith("body: ") for each in letters), letters
        return Counter((each.service, each.hub, each.partition, each.sequence) for each in letters)

    async def _keys(self, container: str) -> set[str]:
        """Who reads them counts each key once: a batch that was cut elsewhere is in two files."""
        blobs, found = self.system.storage.blobs.get_container_client(container), set[str]()
        async for name in blobs.list_blob_names():
            body = await (await blobs.download_blob(name)).readall()
            for line in body.splitlines():
                found.update(json.loads(line)["keys"])
        return found
