"""Captured rows or labels as monitoring kept them: a folder for each day, read from the newest day on."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime

from azure.storage.blob.aio import ContainerClient
from pydantic import BaseModel

from shared.adapters.azure.storage.account import storage_errors
from shared.adapters.azure.storage.blobs import download
from shared.events import EndpointRef
from shared.ports import CaptureName

_AT_ONCE = 16


class Kept[Block: BaseModel]:
    """All methods raise `Unavailable`."""

    def __init__(self, container: ContainerClient, block: type[Block]) -> None:
        self._container, self._block = container, block

    async def days(self, endpoint: EndpointRef) -> list[date]:
        """Of which there are files, newest first."""
        folder = _folder(endpoint)
        with storage_errors(f"list {self._container.container_name}/{folder}"):
            below = [each.name async for each in self._container.walk_blobs(folder)]
        return sorted((date.fromisoformat(name.removeprefix(folder).rstrip("/")) for name in below), reverse=True)

    async def of_day(self, endpoint: EndpointRef, day: date, until: datetime | None = None) -> AsyncIterator[Block]:
        """Every file whose newest row is of this day, but for those whose rows are all later than `until`."""
        folder = _folder(endpoint)
        with storage_errors(f"list {self._container.container_name}/{folder}{day}"):
            found = [name async for name in self._container.list_blob_names(name_starts_with=f"{folder}{day}/")]
        names = [
            name
            for name in found
            if until is None or _oldest(name.removeprefix(folder)) <= until.astimezone(UTC).date()
        ]
        for start in range(0, len(names), _AT_ONCE):
            few = names[start : start + _AT_ONCE]
            for body in await asyncio.gather(*(download(self._container, name) for name in few)):
                for line in body.splitlines():
                    yield self._block.model_validate_json(line)


def _folder(endpoint: EndpointRef) -> str:
    return f"{endpoint.entity.table_key}/"


def _oldest(name: str) -> date:
    return CaptureName.parse(name.removesuffix(".jsonl")).oldest
