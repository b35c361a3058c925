"""The SDK's consumer client, set up for a listener."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

from azure.eventhub.aio import CheckpointStore, EventHubConsumerClient

from infra.local.functions_host.connections import Connection
from infra.local.functions_host.event_hubs.claims import Claims
from infra.local.functions_host.event_hubs.transport import ArrivalDrivenTransport
from infra.local.functions_host.host_json import EventHubsSettings


class _Processors(dict[Any, Any]):
    """Names each of the client's processors as the client registers it, before it claims anything.

    Without an `owner_id` each keeps the name that the SDK gave it.
    """

    owner_id = ""

    def __setitem__(self, key: Any, processor: Any) -> None:
        processor._id = self.owner_id or processor._id
        processor._ownership_manager = Claims(processor._ownership_manager, processor._id)
        super().__setitem__(key, processor)


class ListenerClient(EventHubConsumerClient):
    """Calls `on_link_open(partition id)` whenever a partition's link is open."""

    on_link_open: Callable[[str], None]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._amqp_transport = ArrivalDrivenTransport
        self.processors = _Processors()
        self._event_processors = self.processors

    async def close(self) -> None:
        """Give the partitions back. The SDK would look once a second whether its tasks have ended."""
        await asyncio.gather(*map(_end, self._event_processors.values()))
        await super().close()


async def _end(processor: Any) -> None:
    claims: Claims = processor._ownership_manager
    processor._running = False
    await claims.end()
    tasks = list(processor._tasks.values())
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)
    await claims.release_all()


def consumer_client(
    connection: Connection, hub: str, group: str, store: CheckpointStore, settings: EventHubsSettings, owner_id: str
) -> ListenerClient:
    """A client that claims every free partition at once (greedy) and shares with other hosts."""
    client = _client(connection, hub, group, store, settings)
    client.processors.owner_id = owner_id
    return client


def client_of[C: EventHubConsumerClient](
    kind: type[C], connection: Connection, hub: str, group: str, **options: Any
) -> C:
    hub = connection.entity_path or hub
    if connection.text is None:
        tls = {"use_tls": not connection.plain}
        return kind(str(connection.endpoint), hub, group, connection.credential(), **tls, **options)
    return cast(C, kind.from_connection_string(connection.text, group, eventhub_name=hub, **options))


def _client(
    connection: Connection, hub: str, group: str, store: CheckpointStore, settings: EventHubsSettings
) -> ListenerClient:
    options: dict[str, Any] = {
        "checkpoint_store": store,
        "load_balancing_interval": settings.load_balancing_update_interval.total_seconds(),
        "partition_ownership_expiration_interval": settings.partition_ownership_expiration_interval.total_seconds(),
    }
    return client_of(ListenerClient, connection, hub, group, **options)
