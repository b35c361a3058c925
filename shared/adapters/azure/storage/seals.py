"""Seals as blobs `<day>/<minute>.json`, lists of all chains as `lists/<digest>`, only ever created.

Who may write to the container, and that nobody may change what is there, is the container's business: control alone has
the right in Azure, under an immutability policy.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import batched

from azure.storage.blob.aio import BlobServiceClient

from shared.adapters.azure.storage.account import ServerTime, storage_errors
from shared.adapters.azure.storage.blobs import create, download
from shared.ports import Refused, Seals, Unavailable
from shared.ports.records.seals import KeptSeal, Latest

_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})/")
_NAME = re.compile(r"(\d{4}-\d{2}-\d{2}/[0-2]\d[0-5]\d)(?:-(\d{1,3}))?\.json")
_FORMAT = "%Y-%m-%d/%H%M"
_READ_AT_ONCE = 16
_OF_ONE_MINUTE = 100
type _Key = tuple[datetime, int]


class BlobSeals(Seals):
    def __init__(self, blobs: BlobServiceClient, container: str = "seals") -> None:
        self._container = blobs.get_container_client(container)

    async def keep(self, minute: datetime, body: bytes) -> KeptSeal:
        for number in range(_OF_ONE_MINUTE):
            await create(self._container, _name((minute, number)), body)
            kept = await self._read((minute, number))
            if kept.body == body:
                return kept
        raise Unavailable(f"{_OF_ONE_MINUTE} seals of one minute are not ours")

    async def latest(self) -> Latest:
        """Two listings, of days and of the last day's minutes, however many seals there are."""
        server = ServerTime()
        with storage_errors("list the days of the seals"):
            found = self._container.walk_blobs(delimiter="/", raw_response_hook=server)
            days = sorted(day for each in [each.name async for each in found] if (day := _day(each)))
        future = [day for day in days if day > server.now]
        for day in reversed([day for day in days if day <= server.now]):
            keys = await self._keys(f"{day:%Y-%m-%d}/")
            future += [minute for minute, _ in keys if minute > server.now]
            if past := [key for key in keys if key[0] <= server.now]:
                return Latest(server.now, await self._read(past[-1]), future)
        return Latest(server.now, None, future)

    async def all(self, since: datetime | None = None) -> AsyncIterator[KeptSeal]:
        keys = await self._keys("") if since is None else await self._since(since)
        for some in batched(keys, _READ_AT_ONCE, strict=False):
            for seal in await asyncio.gather(*(self._read(key) for key in some)):
                yield seal

    async def keep_list(self, body: bytes) -> str:
        digest = sha256(body).hexdigest()
        await create(self._container, f"lists/{digest}", body)
        return digest

    async def read_list(self, digest: str) -> bytes:
        body = await download(self._container, f"lists/{digest}")
        if sha256(body).hexdigest() != digest:
            raise Refused(f"list {digest} was altered")
        return body

    async def _since(self, since: datetime) -> list[_Key]:
        """Day by day, so that the seals of earlier days are not even listed."""
        keys, day, last = list[_Key](), since.replace(hour=0, minute=0), (await self.latest()).now
        while day <= last:
            keys += [key for key in await self._keys(f"{day:%Y-%m-%d}/") if key[0] >= since]
            day += timedelta(days=1)
        return keys

    async def _keys(self, prefix: str) -> list[_Key]:
        with storage_errors(f"list seals {prefix}"):
            found = [name async for name in self._container.list_blob_names(name_starts_with=prefix)]
        return sorted(key for name in found if (key := _key(name)))

    async def _read(self, key: _Key) -> KeptSeal:
        return KeptSeal(key[0], await download(self._container, _name(key)), key[1])


def _name(key: _Key) -> str:
    number = f"-{key[1]}" if key[1] else ""
    return f"{key[0].astimezone(UTC):{_FORMAT}}{number}.json"


def _key(name: str) -> _Key | None:
    match = _NAME.fullmatch(name)
    try:
        return (datetime.strptime(match[1], _FORMAT).replace(tzinfo=UTC), int(match[2] or 0)) if match else None
    except ValueError:
        return None


def _day(prefix: str) -> datetime | None:
    match = _DAY.fullmatch(prefix)
    try:
        return datetime.strptime(match[1], "%Y-%m-%d").replace(tzinfo=UTC) if match else None
    except ValueError:
        return None
