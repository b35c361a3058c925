"""What waits on the hub of one function, looked up as the scale controller does: hub and checkpoints, no receiver."""

from azure.eventhub.aio import EventHubConsumerClient

from infra.local.functions_host.connections import event_hubs_connection
from infra.local.functions_host.event_hubs.client import client_of
from infra.local.functions_host.functions import EventHubTrigger, Function
from infra.local.functions_host.scaling.wanted import Partition
from infra.local.functions_host.storage import HostStorage


class Backlog:
    """Of one function; asks anew each time."""

    def __init__(self, function: Function, trigger: EventHubTrigger, storage: HostStorage) -> None:
        connection = event_hubs_connection(function.name, trigger.connection)
        self._client: EventHubConsumerClient = client_of(
            EventHubConsumerClient, connection, trigger.event_hub_name, trigger.consumer_group
        )
        self._group = trigger.consumer_group
        self._storage = storage

    async def partitions(self) -> list[Partition]:
        """Raises `AzureError` or `EventHubError` when hub or storage does not answer."""
        hub = await self._client.get_eventhub_properties()
        namespace = self._client._address.hostname
        kept = await self._storage.checkpoints.list_checkpoints(namespace, hub["eventhub_name"], self._group)
        done = {each["partition_id"]: each["sequence_number"] for each in kept}
        return [await self._partition(each, done.get(each)) for each in hub["partition_ids"]]

    async def close(self) -> None:
        await self._client.close()

    async def _partition(self, partition_id: str, checkpoint: int | None) -> Partition:
        found = await self._client.get_partition_properties(partition_id)
        last = None if found["is_empty"] else int(found["last_enqueued_sequence_number"])
        return Partition(int(found["beginning_sequence_number"]), last, checkpoint)
