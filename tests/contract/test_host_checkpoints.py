"""Checkpoints are found where the host's own client writes them, and forgotten only as they were seen."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from azure.eventhub.extensions.checkpointstoreblobaio import BlobCheckpointStore

from shared.adapters.azure.storage.host_checkpoints import BlobHostCheckpoints
from shared.adapters.memory.host_checkpoints import MemoryHostCheckpoints
from shared.ports import HostCheckpoint, HostCheckpoints, Moved
from tests.contract.conftest import Account

pytestmark = pytest.mark.azure_untested
_NAMESPACE = "Sluice.servicebus.windows.net"
_CONNECTIONS = {
    "events": f"Endpoint=sb://{_NAMESPACE}/;SharedAccessKeyName=a;SharedAccessKey=b;EntityPath=events",
    "labels": f"{_NAMESPACE}/labels",
}


@dataclass
class Host:
    """`write`: group, partition and sequence number, as the host notes them in hub `events`."""

    checkpoints: HostCheckpoints
    write: Callable[[str, int, int], Awaitable[None]]


@pytest.fixture
async def host(place: Account | None) -> Host:
    if place is None:
        memory, versions = MemoryHostCheckpoints(), iter(range(100))

        async def note(group: str, partition: int, sequence: int) -> None:
            memory.write(HostCheckpoint("events", group, partition, sequence, datetime.now(UTC), str(next(versions))))

        return Host(memory, note)
    container = await place.container("checkpoints")
    store = BlobCheckpointStore("http://unused", container, container_client=place.storage.container(container))

    async def write(group: str, partition: int, sequence: int) -> None:
        named = {"fully_qualified_namespace": _NAMESPACE, "eventhub_name": "events", "consumer_group": group}
        await store.claim_ownership([{**named, "partition_id": str(partition), "owner_id": "a host"}])
        await store.update_checkpoint(
            {**named, "partition_id": str(partition), "offset": str(sequence * 100), "sequence_number": sequence}
        )

    return Host(BlobHostCheckpoints(place.storage.blobs, _CONNECTIONS, container), write)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "connection",
    [
        "Endpoint=sb://Localhost:5672;SharedAccessKeyName=a;SharedAccessKey=b=;EntityPath=events",
        "EntityPath=events;SharedAccessKeyName=a;SharedAccessKey=b=;Endpoint=sb://localhost:5672/",
        "localhost:5672/events",
    ],
)
async def test_a_namespace_is_found_in_every_form_of_an_address(place: Account | None, connection: str) -> None:
    if place is None:
        pytest.skip("memory has no addresses")
    name = await place.container("checkpoints")
    numbers = {"sequencenumber": "3", "offset": "192"}
    await place.storage.container(name).upload_blob("localhost:5672/events/tell/checkpoint/1", b"", metadata=numbers)
    (found,) = await BlobHostCheckpoints(place.storage.blobs, {"events": connection}, name).of("events")
    assert (found.group, found.partition, found.sequence) == ("tell", 1, 3)


async def test_what_the_host_wrote_is_found_by_group_and_partition(host: Host) -> None:
    await host.write("lifecycle", 0, 7)
    await host.write("tell", 1, 2**40)
    found = sorted(await host.checkpoints.of("events"), key=lambda each: each.group)
    assert [(each.group, each.partition, each.sequence) for each in found] == [("lifecycle", 0, 7), ("tell", 1, 2**40)]
    assert all(abs((each.written_at - datetime.now(UTC)).total_seconds()) < 300 for each in found)
    assert await host.checkpoints.of("labels") == []


async def test_a_checkpoint_is_forgotten_alone_and_only_as_it_was_seen(host: Host) -> None:
    await host.write("lifecycle", 0, 7)
    await host.write("tell", 0, 7)
    (seen,) = [each for each in await host.checkpoints.of("events") if each.group == "lifecycle"]
    await host.write("lifecycle", 0, 8)
    with pytest.raises(Moved):
        await host.checkpoints.forget(seen)
    (seen,) = [each for each in await host.checkpoints.of("events") if each.group == "lifecycle"]
    await host.checkpoints.forget(seen)
    await host.checkpoints.forget(seen)
    assert [each.group for each in await host.checkpoints.of("events")] == ["tell"]
