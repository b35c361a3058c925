"""Send events with the real SDK, and read the checkpoints that a host wrote."""

from collections.abc import Sequence

from azure.eventhub import EventData, EventHubProducerClient
from azure.eventhub.amqp import AmqpAnnotatedMessage
from azure.storage.blob import BlobServiceClient, ContainerClient

from tests.support.azurite import Azurite
from tests.support.eventhubs import EventHubsServer


def send(
    server: EventHubsServer,
    hub: str,
    bodies: Sequence[str],
    partition: str | None = None,
    key: str | None = None,
    together: bool = True,
) -> None:
    """All bodies in one batch, so that they arrive together, or each in its own."""
    with EventHubProducerClient.from_connection_string(server.connection_string(), eventhub_name=hub) as producer:
        for group in [bodies] if together else [[body] for body in bodies]:
            batch = producer.create_batch(partition_id=partition, partition_key=key)
            for body in group:
                batch.add(EventData(body))
            producer.send_batch(batch)


def send_value(server: EventHubsServer, hub: str, value: object) -> None:
    """One message whose body is an AMQP value, not data: stored and delivered, and read by no trigger."""
    with EventHubProducerClient.from_connection_string(server.connection_string(), eventhub_name=hub) as producer:
        batch = producer.create_batch(partition_id="0")
        batch.add(AmqpAnnotatedMessage(value_body=value))
        producer.send_batch(batch)


def take_over(azurite: Azurite, server: EventHubsServer, hub: str, owner: str) -> None:
    """Claim the hub's only partition for another host, as that host would."""
    blob = _container(azurite).get_blob_client(f"127.0.0.1:{server.port}/{hub}/$default/ownership/0")
    blob.set_blob_metadata({"ownerid": owner})


def checkpoint(azurite: Azurite, server: EventHubsServer, hub: str, partition: str = "0") -> int | None:
    """The sequence number behind which the default group would go on."""
    blob = f"127.0.0.1:{server.port}/{hub}/$default/checkpoint/{partition}"
    return _metadata(azurite, blob, "sequencenumber")


def owners(azurite: Azurite, server: EventHubsServer, hub: str) -> list[str | None]:
    """Who owns each partition; None for partitions that were given back."""
    container = _container(azurite)
    prefix = f"127.0.0.1:{server.port}/{hub}/$default/ownership/"
    return [blob.metadata["ownerid"] for blob in container.list_blobs(prefix, include=["metadata"])]


def _metadata(azurite: Azurite, blob: str, name: str) -> int | None:
    client = _container(azurite).get_blob_client(blob)
    return int(client.get_blob_properties().metadata[name]) if client.exists() else None


def _container(azurite: Azurite) -> ContainerClient:
    return BlobServiceClient.from_connection_string(azurite.connection_string).get_container_client(
        "azure-webjobs-eventhub"
    )
