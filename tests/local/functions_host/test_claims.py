"""A host that ends at any moment of a claim leaves none behind: else its partition stands still until that expires."""

import asyncio
import contextlib
import time
from typing import Any

import pytest
from azure.eventhub.aio import CheckpointStore

from infra.local.functions_host.connections import Connection
from infra.local.functions_host.event_hubs.client import ListenerClient, consumer_client
from infra.local.functions_host.host_json import EventHubsSettings
from tests.support.eventually import PATIENCE_S

NOWHERE = "Endpoint=sb://nowhere/;SharedAccessKeyName=n;SharedAccessKey=a2V5"


class Store(CheckpointStore):
    """One partition's claim. `before` and `after` happen around each claim's landing, `looked` before checkpoints."""

    def __init__(self) -> None:
        self.claim: dict[str, Any] = {}
        self.version = 0
        self.before = self.after = self.looked = _at_once

    async def list_ownership(self, *_: Any, **__: Any) -> list[dict[str, Any]]:
        return [dict(self.claim)] if self.claim else []

    async def claim_ownership(self, ownership_list: Any, **_: Any) -> list[dict[str, Any]]:
        (wanted,) = ownership_list
        if wanted["owner_id"]:
            await self.before()
        if wanted.get("etag") != self.claim.get("etag"):
            return []
        self.version += 1
        self.claim = {**wanted, "etag": self.version, "last_modified_time": time.time()}
        wanted |= self.claim
        if wanted["owner_id"]:
            await self.after()
        return [wanted]

    async def list_checkpoints(self, *_: Any, **__: Any) -> list[dict[str, Any]]:
        await self.looked()
        return []

    async def update_checkpoint(self, *_: Any, **__: Any) -> None:
        raise AssertionError("nothing arrives here")


async def _at_once() -> None:
    """Do nothing."""


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def client(store: Store, monkeypatch: pytest.MonkeyPatch) -> ListenerClient:
    async def partitions(_: object) -> list[str]:
        return ["0"]

    monkeypatch.setattr(ListenerClient, "get_partition_ids", partitions)
    settings = EventHubsSettings(loadBalancingUpdateInterval="00:00:00.01")
    found = consumer_client(Connection("X", NOWHERE, None), "hub", "$Default", store, settings, "us")
    # Whether links open is not what these tests are about, and there is nobody to open one to.
    monkeypatch.setattr(found, "on_link_open", lambda _: None, raising=False)
    return found


async def receive(client: ListenerClient) -> asyncio.Task[None]:
    async def arrived(*_: Any) -> None:
        raise AssertionError("nothing arrives here")

    return asyncio.create_task(client.receive_batch(arrived))


async def end(receiving: asyncio.Task[None]) -> None:
    receiving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await receiving


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("nth", [1, 2], ids=["first claim", "renewal"])
async def test_a_claim_under_way_is_given_back(client: ListenerClient, store: Store, moment: str, nth: int) -> None:
    """`before` it lands or `after`: its answer reaches a processor that ends already."""
    begun, claims = asyncio.Event(), 0

    async def end_meanwhile() -> None:
        nonlocal claims
        claims += 1
        if claims == nth:
            begun.set()
            # Everything that `close` does without waiting for this claim is done when these turns are over.
            for _ in range(100):
                await asyncio.sleep(0)

    setattr(store, moment, end_meanwhile)
    receiving = await receive(client)
    await begun.wait()
    await client.close()
    await end(receiving)
    assert (claims, store.claim["owner_id"]) == (nth, "")


async def test_a_partition_whose_task_never_began_is_given_back(client: ListenerClient, store: Store) -> None:
    closing = list[asyncio.Task[None]]()

    async def end_just_before() -> None:
        """So that the processor's next step creates the task, and the closing's cancels it before its first."""
        closing.append(asyncio.create_task(client.close()))
        await asyncio.sleep(0)

    store.looked = end_just_before
    receiving = await receive(client)
    async with asyncio.timeout(PATIENCE_S):
        while not closing:  # noqa: ASYNC110 - the SDK's processor does not announce its rounds
            await asyncio.sleep(0)
        await closing[0]
    await end(receiving)
    assert store.claim["owner_id"] == ""
