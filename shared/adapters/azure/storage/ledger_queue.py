"""Events that wait behind their chain, and the table that finds them by the time they are due.

The index row is written before the waiting row and again after it, and a stale one is deleted only if nobody touched it
since it was read: so whatever waits is found, whoever dies in between.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

from azure.core import MatchConditions
from azure.data.tables import TableEntity, UpdateMode
from azure.data.tables.aio import TableClient

from shared.adapters.azure.storage.account import storage_errors
from shared.adapters.azure.storage.keys import (
    BUCKETS,
    bucket,
    chain_key,
    digest_of,
    escaped,
    int64,
    moment_key,
    number,
    order_key,
)
from shared.adapters.azure.storage.ledger_rows import HEAD, LedgerRows, of_chain, rows_between
from shared.events import Entity
from shared.ports import Absent, Moved, Unavailable, Waiting

_ATTEMPTS = 30
_UNCHANGED = MatchConditions.IfNotModified
type Chain = tuple[str, Entity]


class WaitingQueue:
    """`table` is the ledger's, `pending` the index."""

    def __init__(self, table: TableClient, pending: TableClient, rows: LedgerRows) -> None:
        self._table = table
        self._pending = pending
        self._rows = rows

    async def add(self, waiting: Waiting) -> None:
        row = await self._rows.waiting(waiting)
        await self._index(waiting)
        former = await self._retrying(lambda: self._place(waiting, row))
        await self._index(waiting)
        if former is not None and former != waiting.due.isoformat():
            await self._forget(waiting, former)

    async def remove(self, waiting: Waiting) -> None:
        former = await self._retrying(lambda: self._take(waiting))
        if former is not None:
            await self._forget(waiting, former)

    async def first(self, service: str, entity: Entity) -> Waiting | None:
        async for row in rows_between(self._table, chain_key(service, entity), "w:", "w;"):
            return await self._rows.read_waiting(row)
        return None

    async def due(self, now: datetime, limit: int) -> Sequence[Chain]:
        """Chains whose front is due, the longest due first."""
        queues: dict[Chain, dict[str, str]] = {}
        due: list[Chain] = []
        for row in await self._indexed(now):
            chain = row["service"], Entity.parse(row["entity"])
            if chain not in queues:
                queues[chain] = await self._dues(*chain)
            indexed = row["event_id"], row["due"]
            if indexed not in queues[chain].items():
                await self._drop_stale(row)
            elif indexed == next(iter(queues[chain].items())):
                due.append(chain)
            if len(due) == limit:
                break
        return due

    async def _retrying(self, change: Callable[[], Awaitable[str | None]]) -> str | None:
        """Repeat `change` while others win; its answer is the time at which the event was due before."""
        for _ in range(_ATTEMPTS):
            try:
                return await change()
            except Moved:
                continue
        raise Unavailable("a chain's queue keeps moving")

    async def _place(self, waiting: Waiting, row: dict[str, Any]) -> str | None:
        head = await self._head(waiting)
        queued = await self._find(waiting)
        if queued is not None:
            await self._keep({**row, "RowKey": queued["RowKey"]})
            return str(queued["due"])
        length, place = number(head or {}, "waiting") + 1, number(head or {}, "queued") + 1
        counts = {"waiting": int64(length), "queued": int64(place)}
        new = {**row, "RowKey": f"w:{order_key(place)}:{escaped(waiting.event_id)}"}
        with storage_errors(f"let {waiting.event_id} wait"):
            operations = [self._head_change(waiting, head, counts), ("create", new)]
            await self._table.submit_transaction(operations)
        return None

    async def _keep(self, row: dict[str, Any]) -> None:
        try:
            with storage_errors(f"keep {row['event_id']} waiting"):
                await self._table.update_entity(row, UpdateMode.REPLACE)
        except Absent as error:
            raise Moved(str(error)) from error

    async def _take(self, waiting: Waiting) -> str | None:
        head = await self._head(waiting)
        queued = await self._find(waiting)
        if queued is None:
            return None
        counts = {"waiting": int64(number(head or {}, "waiting") - 1)}
        key = {"PartitionKey": queued["PartitionKey"], "RowKey": queued["RowKey"]}
        with storage_errors(f"stop {waiting.event_id} waiting"):
            await self._table.submit_transaction([self._head_change(waiting, head, counts), ("delete", key)])
        return str(queued["due"])

    def _head_change(self, waiting: Waiting, head: TableEntity | None, counts: dict[str, Any]) -> Any:
        row = {**of_chain(waiting.service, waiting.entity), "RowKey": HEAD, **counts}
        if head is None:
            return "create", row
        condition = {"mode": UpdateMode.MERGE, "etag": head.metadata["etag"], "match_condition": _UNCHANGED}
        return "update", row, condition

    async def _head(self, waiting: Waiting) -> TableEntity | None:
        try:
            with storage_errors("read a chain's head"):
                return await self._table.get_entity(chain_key(waiting.service, waiting.entity), HEAD)
        except Absent:
            return None

    async def _find(self, waiting: Waiting) -> TableEntity | None:
        partition = chain_key(waiting.service, waiting.entity)
        select = ["PartitionKey", "RowKey", "event_id", "due"]
        async for row in rows_between(self._table, partition, "w:", "w;", select):
            if row["event_id"] == waiting.event_id:
                return row
        return None

    async def _dues(self, service: str, entity: Entity) -> dict[str, str]:
        """When each waiting event of the chain is due, in the order of the queue."""
        select = ["RowKey", "event_id", "due"]
        rows = rows_between(self._table, chain_key(service, entity), "w:", "w;", select)
        return {row["event_id"]: row["due"] async for row in rows}

    async def _indexed(self, now: datetime) -> list[TableEntity]:
        last = f"{moment_key(now)}:~"

        async def rows_of(partition: str) -> list[TableEntity]:
            return [row async for row in rows_between(self._pending, partition, "0", last)]

        parts = await asyncio.gather(*(rows_of(f"bucket-{index}") for index in range(BUCKETS)))
        found = [row for part in parts for row in part]
        return sorted(found, key=lambda row: str(row["RowKey"]))

    async def _index(self, waiting: Waiting) -> None:
        with storage_errors(f"index {waiting.event_id}"):
            row = {
                **of_chain(waiting.service, waiting.entity),
                **_index_key(waiting, waiting.due.isoformat()),
                "event_id": waiting.event_id,
                "due": waiting.due.isoformat(),
            }
            await self._pending.upsert_entity(row, UpdateMode.REPLACE)

    async def _forget(self, waiting: Waiting, due: str) -> None:
        with storage_errors(f"unindex {waiting.event_id}"):
            await self._pending.delete_entity(_index_key(waiting, due))

    async def _drop_stale(self, row: TableEntity) -> None:
        try:
            with storage_errors("drop a stale index row"):
                await self._pending.delete_entity(row, etag=row.metadata["etag"], match_condition=_UNCHANGED)
        except (Moved, Absent):
            # Written again since it was read, or dropped by another sweeper.
            return


def _index_key(waiting: Waiting, due: str) -> dict[str, Any]:
    identity = digest_of(waiting.service, str(waiting.entity), waiting.event_id)
    return {"PartitionKey": bucket(identity), "RowKey": f"{moment_key(datetime.fromisoformat(due))}:{identity}"}
