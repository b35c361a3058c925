"""A link that the hub refuses is told to the listener; the SDK itself would open it again in silence, without end."""

import asyncio
from typing import Any

import pytest

from infra.local.functions_host.event_hubs.client import ListenerClient
from tests.support.eventhubs import StartEventHubs

pytestmark = pytest.mark.local_only


async def first_error(connection: str, group: str, position: str | int) -> Exception:
    told: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()

    async def on_batch(_context: Any, _events: list[Any]) -> None: ...

    async def on_error(_context: Any, error: Exception) -> None:
        if not told.done():
            told.set_result(error)

    client = ListenerClient.from_connection_string(connection, group, retry_total=0, load_balancing_interval=0.2)
    client.on_link_open = lambda _partition: None  # type: ignore[attr-defined]
    receiving = asyncio.create_task(client.receive_batch(on_batch, on_error=on_error, starting_position=position))
    try:
        return await asyncio.wait_for(told, 120)
    finally:
        await client.close()
        receiving.cancel()
        await asyncio.gather(receiving, return_exceptions=True)


@pytest.mark.parametrize(
    ("group", "position", "words"),
    [
        ("none-such", "-1", "could not be found"),
        ("$Default", "4711", "The last offset in the system is '-1'"),
        ("$Default", 9, "The last sequence number in the system is '-1'"),
    ],
)
async def test_a_refused_link_is_told(
    start_eventhubs: StartEventHubs, group: str, position: str | int, words: str
) -> None:
    server = start_eventhubs({"events": 1})
    assert words in str(await first_error(server.connection_string("events"), group, position))
