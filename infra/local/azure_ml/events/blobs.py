"""New blobs of watched containers become events, as a subscription to the account's events would make them.

Azurite emits no events, so this looks every half second. What it cannot see: a blob that is replaced twice in between
is told of once. After a restart everything is told of again, as Event Grid may: it promises each event at least once.
"""

import asyncio
import logging
from collections.abc import Callable

from azure.core.exceptions import AzureError

from infra.local.azure_ml.events.shapes import Event, blob_created
from infra.local.azure_ml.storage import Place, Storage

log = logging.getLogger(__name__)

LOOK_EVERY_S = 0.5


class BlobWatch:
    """`account_id` is the resource id of the account, `publish` where its events go."""

    def __init__(
        self, storage: Storage, containers: tuple[str, ...], account_id: str, publish: Callable[[Event], None]
    ) -> None:
        self._storage, self._containers = storage, containers
        self._account_id, self._publish = account_id, publish
        self._seen: dict[tuple[str, str], str] = {}

    async def run(self) -> None:
        """Look until cancelled; storage that is away for a while is looked at again."""
        while True:
            for container in self._containers:
                try:
                    await self.look(container)
                except AzureError as error:
                    log.warning("container %s cannot be looked at: %s", container, type(error).__name__)
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self, container: str) -> None:
        """Publish an event for each blob that is new, or has another ETag than when it was last seen."""
        for blob in await self._storage.blobs_of(container):
            etag = f'"{str(blob.etag).strip(chr(34))}"'
            if self._seen.get((container, blob.name)) == etag:
                continue
            self._seen[container, blob.name] = etag
            url = self._storage.url(Place(container, blob.name))
            kind = blob.content_settings.content_type or "application/octet-stream"
            self._publish(blob_created(self._account_id, container, blob.name, url, etag, blob.size or 0, kind))
