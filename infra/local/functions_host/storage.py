"""The storage account of the host itself: where checkpoints, leases and timer status lie."""

import contextlib

from azure.core.exceptions import AzureError, ResourceExistsError
from azure.eventhub.extensions.checkpointstoreblobaio import BlobCheckpointStore
from azure.storage.blob.aio import BlobServiceClient, ContainerClient

from infra.local.functions_host.connections import STORAGE, Connection
from infra.local.functions_host.errors import HostError

CHECKPOINTS = "azure-webjobs-eventhub"
HOSTS = "azure-webjobs-hosts"


class HostStorage:
    """Opened once per process and shared by all listeners."""

    def __init__(self, connection: Connection) -> None:
        if connection.text:
            self._service = BlobServiceClient.from_connection_string(connection.text)
            self.checkpoints = BlobCheckpointStore.from_connection_string(connection.text, CHECKPOINTS)
        else:
            endpoint, credential = str(connection.endpoint), connection.credential()
            self._service = BlobServiceClient(endpoint, credential=credential)
            self.checkpoints = BlobCheckpointStore(endpoint, CHECKPOINTS, credential=credential)

    @property
    def hosts(self) -> ContainerClient:
        return self._service.get_container_client(HOSTS)

    async def create_containers(self) -> None:
        """Only those that are missing: a signature for existing containers need not allow creation.

        Raises `HostError` when the account does not answer, or refuses.
        """
        try:
            for name in (CHECKPOINTS, HOSTS):
                await self._create(name)
        except AzureError as error:
            raise HostError(f"the storage account of setting {STORAGE}: {error}") from error

    async def _create(self, name: str) -> None:
        container = self._service.get_container_client(name)
        if not await container.exists():
            with contextlib.suppress(ResourceExistsError):
                await container.create_container()

    async def close(self) -> None:
        await self.checkpoints.close()
        await self._service.close()
