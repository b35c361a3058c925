"""One instance of a timer per app, however many hosts run: a blob lease, renewed at half its time."""

import asyncio
import logging
from datetime import timedelta

from azure.core.exceptions import AzureError, HttpResponseError, ResourceExistsError
from azure.storage.blob.aio import BlobLeaseClient, ContainerClient

_log = logging.getLogger(__name__)


class TimerLock:
    """The lease `locks/<host id>/Host.Functions.<function>.Listener` in `azure-webjobs-hosts`."""

    def __init__(
        self, container: ContainerClient, host_id: str, function: str, period: timedelta, lease_id: str
    ) -> None:
        self._blob = container.get_blob_client(f"locks/{host_id}/Host.Functions.{function}.Listener")
        self._lease_id = lease_id
        self._period_s = int(period.total_seconds())
        self._lease: BlobLeaseClient | None = None

    async def try_acquire(self) -> bool:
        """False while another host holds the lease."""
        await self._create_blob()
        try:
            self._lease = await self._blob.acquire_lease(lease_duration=self._period_s, lease_id=self._lease_id)
        except HttpResponseError as error:
            if error.status_code != 409:
                raise
            return False
        return True

    async def hold(self) -> None:
        """Renew until cancelled; return when the lease is lost."""
        while self._lease is not None:
            await asyncio.sleep(self._period_s / 2)
            try:
                await self._lease.renew()
            except AzureError as error:
                _log.warning("the lease %s is lost: %s", self._blob.blob_name, error)
                self._lease = None

    async def release(self) -> None:
        if self._lease is None:
            return
        try:
            await self._lease.release()
        except AzureError as error:
            _log.warning("the lease %s could not be released and will expire: %s", self._blob.blob_name, error)
        self._lease = None

    async def _create_blob(self) -> None:
        try:
            await self._blob.upload_blob(b"", overwrite=False)
        except ResourceExistsError:
            return
        except HttpResponseError as error:
            # A leased blob answers 412 to a write without the lease: it exists.
            if error.status_code != 412:
                raise
