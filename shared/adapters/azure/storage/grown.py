"""Grown chains as rows of one table partition, so that a hundred are noted or forgotten in one call."""

from collections.abc import Collection, Sequence
from itertools import batched
from typing import Any

from azure.core import MatchConditions
from azure.data.tables import UpdateMode
from azure.data.tables.aio import TableServiceClient

from shared.adapters.azure.storage.account import storage_errors
from shared.adapters.azure.storage.keys import digest_of
from shared.events import Entity
from shared.ports import Absent, Moved
from shared.ports.records.grown import Noted

_PARTITION = "grown"
_IN_ONE_CHANGE = 100


class TableGrown:
    def __init__(self, tables: TableServiceClient, table: str = "grown") -> None:
        self._table = tables.get_table_client(table)

    async def note(self, chains: Collection[tuple[str, Entity]]) -> None:
        for some in batched(dict.fromkeys(chains), _IN_ONE_CHANGE, strict=False):
            rows = [{**_key(*chain), "service": chain[0], "entity": str(chain[1])} for chain in some]
            await self._change([("upsert", row, {"mode": UpdateMode.REPLACE}) for row in rows])

    async def read(self) -> Sequence[Noted]:
        query, parameters = "PartitionKey eq @partition", {"partition": _PARTITION}
        with storage_errors("read which chains have grown"):
            rows = self._table.query_entities(query, parameters=parameters)
            return [Noted(row["service"], Entity.parse(row["entity"]), str(row.metadata["etag"])) async for row in rows]

    async def forget(self, noted: Sequence[Noted]) -> None:
        """In batches; where one of a batch was noted again, each of it alone."""
        for some in batched(noted, _IN_ONE_CHANGE, strict=False):
            if not await self._forgotten(some):
                for each in some if len(some) > 1 else ():
                    await self._forgotten([each])

    async def _forgotten(self, noted: Sequence[Noted]) -> bool:
        unchanged = MatchConditions.IfNotModified
        try:
            await self._change(
                [
                    ("delete", _key(each.service, each.entity), {"etag": each.version, "match_condition": unchanged})
                    for each in noted
                ]
            )
        except (Moved, Absent):
            return False
        return True

    async def _change(self, operations: list[Any]) -> None:
        with storage_errors("note which chains have grown"):
            await self._table.submit_transaction(operations)


def _key(service: str, entity: Entity) -> dict[str, str]:
    return {"PartitionKey": _PARTITION, "RowKey": digest_of(service, str(entity))}
