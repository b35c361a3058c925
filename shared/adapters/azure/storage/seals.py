"""Seals as blobs `seals/<day>/<minute>.json`, only ever created.

Who may not overwrite nor delete them is the container's business: an immutability policy on Azure.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import batched

from azure.storage.blob.aio import BlobServiceClient

from shared.adapters.azure.storage.account import storage_errors
from shared.adapters.azure.storage.blobs import create, download
from shared.ports import Seals
from shared.ports.records.seals import KeptSeal

_FOLDER = "seals/"
_DAY = re.compile(r"seals/\d{4}-\d{2}-\d{2}/")
_NAME = re.compile(r"seals/(\d{4}-\d{2}-\d{2}/[0-2]\d[0-5]\d)\.json")
_FORMAT = "%Y-%m-%d/%H%M"
_READ_AT_ONCE = 16


class BlobSeals(Seals):
    def __init__(self, blobs: BlobServiceClient, container: str = "evidence") -> None:
        self._container = blobs.get_container_client(container)

    async def keep(self, minute: datetime, body: bytes) -> KeptSeal:
        name = f"{_FOLDER}{minute.astimezone(UTC):{_FORMAT}}.json"
        await create(self._container, name, body)
        return await self._read(name)

    async def last(self) -> KeptSeal | None:
        """Two listings, of days and of the last day's minutes, however many seals there are."""
        with storage_errors("list the days of the seals"):
            days = [each.name async for each in self._container.walk_blobs(_FOLDER, delimiter="/")]
        day = max((day for day in days if _DAY.fullmatch(day)), default=None)
        names = [] if day is None else await self._names(day)
        return await self._read(names[-1]) if names else None

    async def all(self) -> AsyncIterator[KeptSeal]:
        for names in batched(await self._names(_FOLDER), _READ_AT_ONCE, strict=False):
            for seal in await asyncio.gather(*(self._read(name) for name in names)):
                yield seal

    async def _names(self, prefix: str) -> list[str]:
        with storage_errors(f"list {prefix}"):
            found = [name async for name in self._container.list_blob_names(name_starts_with=prefix)]
        return sorted(name for name in found if _NAME.fullmatch(name))

    async def _read(self, name: str) -> KeptSeal:
        match = _NAME.fullmatch(name)
        if match is None:
            raise ValueError(f"{name} is no seal's name")
        minute = datetime.strptime(match[1], _FORMAT).replace(tzinfo=UTC)
        return KeptSeal(minute, await download(self._container, name))
