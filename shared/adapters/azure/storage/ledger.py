"""The ledger in table storage: a chain is a partition, a decision is one entity-group transaction on it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from itertools import batched

from azure.core import MatchConditions
from azure.data.tables import TableEntity, UpdateMode
from azure.data.tables.aio import TableServiceClient

from shared.adapters.azure.storage.account import storage_errors
from shared.adapters.azure.storage.bodies import Bodies
from shared.adapters.azure.storage.keys import chain_key, number
from shared.adapters.azure.storage.ledger_queue import WaitingQueue
from shared.adapters.azure.storage.ledger_rows import (
    HEAD,
    LedgerRows,
    decision_key,
    indexed_mark,
    lease_columns,
    lease_of,
    mark_prefix,
    mark_row,
    rows_between,
)
from shared.events import Entity
from shared.ports import Absent, Entry, Evidence, Head, Lease, Ledger, Mark, Moved, Progress, Waiting

_ATTEMPTS = 5
_READ_AT_ONCE = 16


class TableLedger(Ledger):
    """Bodies above 32 KB go to `evidence` before the row that names them."""

    def __init__(
        self, tables: TableServiceClient, evidence: Evidence, table: str = "ledger", pending: str = "pending"
    ) -> None:
        self._table = tables.get_table_client(table)
        self._rows = LedgerRows(Bodies(evidence))
        self._queue = WaitingQueue(self._table, tables.get_table_client(pending), self._rows)

    async def head(self, service: str, entity: Entity) -> Head:
        row = await self._row(chain_key(service, entity), HEAD)
        return Head(None, "", 0, None) if row is None else await self._rows.read_head(row)

    async def _row(self, partition: str, key: str) -> TableEntity | None:
        try:
            with storage_errors(f"read {key}"):
                return await self._table.get_entity(partition, key)
        except Absent:
            return None

    async def find(self, service: str, entity: Entity, event_id: str) -> Progress | None:
        partition = chain_key(service, entity)
        row = await self._row(partition, decision_key(event_id))
        if row is None:
            return None
        prefix = mark_prefix(event_id)
        rows = rows_between(self._table, partition, prefix, prefix[:-1] + ";")
        return await self._rows.progress(row, dict([indexed_mark(each) async for each in rows]))

    async def record(self, entry: Entry, head: Head, lease: Lease) -> None:
        decision, new_head = await self._rows.decision(entry, lease), await self._rows.head(entry, head)
        condition = {"mode": UpdateMode.MERGE, "etag": head.version, "match_condition": MatchConditions.IfNotModified}
        move = ("create", new_head) if head.version is None else ("update", new_head, condition)
        with storage_errors(f"record {entry.event_id}"):
            await self._table.submit_transaction([("create", decision), move])

    async def lease(self, entry: Entry, lease: Lease, now: datetime) -> bool:
        for _ in range(_ATTEMPTS):
            row = await self._decision(entry)
            held = lease_of(row)
            if held is not None and held.owner != lease.owner and held.until > now:
                return False
            try:
                await self._take(row, lease)
            except Moved:
                continue
            return True
        return False

    async def _take(self, row: TableEntity, lease: Lease) -> None:
        change = {"PartitionKey": row["PartitionKey"], "RowKey": row["RowKey"], **lease_columns(lease)}
        with storage_errors("take a lease"):
            await self._table.update_entity(
                change, UpdateMode.MERGE, etag=row.metadata["etag"], match_condition=MatchConditions.IfNotModified
            )

    async def _decision(self, entry: Entry) -> TableEntity:
        with storage_errors(f"read decision {entry.event_id}"):
            return await self._table.get_entity(chain_key(entry.service, entry.entity), decision_key(entry.event_id))

    async def mark(self, entry: Entry, index: int, mark: Mark) -> None:
        with storage_errors(f"mark {entry.event_id}/{index}"):
            await self._table.upsert_entity(mark_row(entry, index, mark), UpdateMode.REPLACE)

    async def settle(self, entry: Entry) -> None:
        key = {"PartitionKey": chain_key(entry.service, entry.entity), "RowKey": decision_key(entry.event_id)}
        with storage_errors(f"settle {entry.event_id}"):
            await self._table.update_entity({**key, "settled": True}, UpdateMode.MERGE)

    async def wait(self, waiting: Waiting) -> None:
        await self._queue.add(waiting)

    async def first_waiting(self, service: str, entity: Entity) -> Waiting | None:
        return await self._queue.first(service, entity)

    async def stop_waiting(self, waiting: Waiting) -> None:
        await self._queue.remove(waiting)

    async def due(self, now: datetime, limit: int = 100) -> Sequence[tuple[str, Entity]]:
        return await self._queue.due(now, limit)

    async def chains(self) -> AsyncIterator[tuple[str, Entity, Head]]:
        with storage_errors("read all heads"):
            async for row in self._table.query_entities("RowKey eq @head", parameters={"head": HEAD}):
                # A head without a decision only counts what waits: that chain has not begun.
                if number(row, "length"):
                    yield row["service"], Entity.parse(row["entity"]), await self._rows.read_head(row)

    async def entries(self, service: str, entity: Entity) -> AsyncIterator[Progress]:
        partition = chain_key(service, entity)
        rows = rows_between(self._table, partition, "d:", "d;", ["RowKey", "event_id", "position"])
        order = sorted([(number(row, "position"), str(row["event_id"])) async for row in rows])
        for some in batched(order, _READ_AT_ONCE, strict=False):
            reads = (self.find(service, entity, event_id) for _, event_id in some)
            for found in await asyncio.gather(*reads, return_exceptions=True):
                # Raised where it stands: what comes before a row that cannot be read is still good.
                if isinstance(found, BaseException):
                    raise found
                if found is not None:
                    yield found
