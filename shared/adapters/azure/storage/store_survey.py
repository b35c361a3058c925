"""Looking at tables and containers: one page of one thing is asked of each."""

from collections.abc import AsyncIterable
from datetime import datetime
from typing import Any

from azure.core.exceptions import HttpResponseError
from azure.data.tables.aio import TableServiceClient
from azure.storage.blob.aio import BlobServiceClient

from shared.adapters.azure.storage.account import ServerTime, storage_errors
from shared.ports import Access, StoreSurvey

_MISSING, _FORBIDDEN = {404}, {401, 403}


class AzureStoreSurvey(StoreSurvey):
    def __init__(self, tables: TableServiceClient, blobs: BlobServiceClient) -> None:
        self._tables, self._blobs = tables, blobs

    async def table(self, name: str) -> Access:
        found = self._tables.get_table_client(name).list_entities(results_per_page=1)
        with storage_errors(f"look at table {name}"):
            return await _access(found.by_page())

    async def container(self, name: str) -> Access:
        found = self._blobs.get_container_client(name).list_blob_names(results_per_page=1)
        with storage_errors(f"look at container {name}"):
            return await _access(found.by_page())

    async def now(self) -> datetime:
        """Whatever the answer is, a refusal included, it carries the time."""
        server = ServerTime()
        names = self._blobs.get_container_client("evidence").list_blob_names(
            results_per_page=1, raw_response_hook=server
        )
        with storage_errors("ask the store's clock"):
            try:
                await _first(names.by_page())
            except HttpResponseError:
                if server.now.year == 1:
                    raise
        return server.now


async def _access(pages: AsyncIterable[Any]) -> Access:
    """Raises what is neither of the three."""
    try:
        await _first(pages)
    except HttpResponseError as error:
        if error.status_code in _MISSING:
            return "missing"
        if error.status_code in _FORBIDDEN:
            return "forbidden"
        raise
    return "readable"


async def _first(pages: AsyncIterable[Any]) -> None:
    async for _ in pages:
        return
