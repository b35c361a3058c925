"""Creates containers and tables, as a deployment does in Azure; doing it again changes nothing."""

from collections.abc import Sequence

from azure.core.exceptions import ResourceExistsError
from azure.data.tables.aio import TableServiceClient
from azure.storage.blob.aio import BlobServiceClient

from infra.local import topology
from infra.local.addresses import Addresses


async def create(addresses: Addresses) -> None:
    """Create what the product and the apps' hosts expect to exist."""
    await _containers(addresses.storage_root(), topology.CONTAINERS)
    for account in topology.HOST_ACCOUNTS.values():
        await _containers(addresses.account(account).connection_string(), topology.HOST_CONTAINERS)
    async with TableServiceClient.from_connection_string(addresses.storage_root()) as tables:
        for name in topology.TABLES:
            await tables.create_table_if_not_exists(name)


async def _containers(connection: str, names: Sequence[str]) -> None:
    async with BlobServiceClient.from_connection_string(connection) as blobs:
        for name in names:
            try:
                await blobs.create_container(name)
            except ResourceExistsError:
                continue
