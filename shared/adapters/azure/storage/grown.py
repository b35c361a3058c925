"""Ends of grown chains as rows of one table partition, so that a hundred are noted or forgotten in one call.

A row's key says which end it is, and its content follows from that: noting it twice, or forgetting one that was noted
again after it was sealed, changes nothing.
"""

from collections.abc import Collection, Sequence
from itertools import batched
from typing import Any

from azure.data.tables import UpdateMode
from azure.data.tables.aio import TableServiceClient

from shared.adapters.azure.storage.account import storage_errors
from shared.adapters.azure.storage.keys import digest_of, int64, number, order_key
from shared.adapters.azure.storage.legible import legible
from shared.events import Entity
from shared.ports import Absent, End, Grown

_PARTITION = "grown"
_IN_ONE_CHANGE = 100


class TableGrown(Grown):
    def __init__(self, tables: TableServiceClient, table: str = "grown") -> None:
        self._table = tables.get_table_client(table)

    async def note(self, ends: Collection[End]) -> None:
        for some in batched(ends, _IN_ONE_CHANGE, strict=False):
            await self._change([("upsert", _row(end), {"mode": UpdateMode.REPLACE}) for end in some])

    async def read(self) -> Sequence[End]:
        query, parameters = "PartitionKey eq @partition", {"partition": _PARTITION}
        with storage_errors("read which chains have grown"):
            rows = self._table.query_entities(query, parameters=parameters)
            ends = [legible(row, _end, "the end of a grown chain") async for row in rows]
        return [end for end in ends if end]

    async def forget(self, ends: Sequence[End]) -> None:
        """In batches; where another has forgotten one of a batch, each of it alone."""
        for some in batched(ends, _IN_ONE_CHANGE, strict=False):
            if not await self._forgotten(some):
                for end in some if len(some) > 1 else ():
                    await self._forgotten([end])

    async def _forgotten(self, ends: Sequence[End]) -> bool:
        try:
            await self._change([("delete", _key(end)) for end in ends])
        except Absent:
            return False
        return True

    async def _change(self, operations: list[Any]) -> None:
        with storage_errors("note which chains have grown"):
            await self._table.submit_transaction(operations)


def _key(end: End) -> dict[str, str]:
    place = f"{order_key(end.length)}:{'settled' if end.settled else 'open'}"
    return {"PartitionKey": _PARTITION, "RowKey": f"{digest_of(end.service, str(end.entity))}:{place}"}


def _row(end: End) -> dict[str, Any]:
    columns = {"length": int64(end.length), "settled": end.settled, "hash": end.hash}
    return {**_key(end), "service": end.service, "entity": str(end.entity), **columns}


def _end(row: Any) -> End:
    return End(row["service"], Entity.parse(row["entity"]), number(row, "length"), row["settled"], row["hash"])
