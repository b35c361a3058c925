"""Events that wait behind their chain, and the table of hints that finds chains by the time they are due.

Whatever the length of a queue, each change and each look reads a few rows: `q:<event>` says whether and where an event
waits, and only the front of a chain has a hint, which says "look at this chain then". It is written before the row that
it is for, and again after it where the queue was empty. One that proves stale is deleted only if nobody touched it
since it was read, and the queue is looked at once more: so whatever waits is found, whoever dies in between.
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
from shared.adapters.azure.storage.ledger_rows import (
    HEAD,
    LedgerRows,
    chain_of,
    due_of,
    event_id_of,
    of_chain,
    rows_between,
)
from shared.adapters.azure.storage.legible import legible
from shared.events import Entity
from shared.ports import Absent, Moved, Unavailable, Waiting

_ATTEMPTS = 30
_AT_ONCE = 16
_HINT = "a hint at what waits"
_SEEN = ["PartitionKey", "RowKey", "service", "entity"]
_UNCHANGED = MatchConditions.IfNotModified
type Chain = tuple[str, Entity]


class WaitingQueue:
    """`table` is the ledger's, `pending` holds the hints."""

    def __init__(self, table: TableClient, pending: TableClient, rows: LedgerRows) -> None:
        self._table, self._pending, self._rows = table, pending, rows

    async def add(self, waiting: Waiting) -> None:
        row = await self._rows.waiting(waiting)
        await _retrying(lambda: self._add(waiting, row))

    async def remove(self, waiting: Waiting) -> None:
        await _retrying(lambda: self._remove(waiting))

    async def first(self, service: str, entity: Entity) -> Waiting | None:
        front = await self._front(service, entity, 1)
        return await self._rows.read_waiting(service, entity, front[0]) if front else None

    async def fronts(self, limit: int) -> Sequence[Waiting]:
        """Reads only: index rows that are stale lead to a chain whose queue may be empty."""
        chains: dict[Chain, None] = {}
        with storage_errors("read what waits"):
            async for row in self._pending.list_entities(select=_SEEN):
                if chain := legible(row, chain_of, _HINT):
                    chains[chain] = None
        found: list[Waiting] = []
        for chain in chains:
            if len(found) < limit and (front := await self.first(*chain)):
                found.append(front)
        return found

    async def due(self, now: datetime, limit: int) -> Sequence[Chain]:
        """Chains whose front is due, the longest due first."""
        hints: dict[Chain, list[TableEntity]] = {}
        for row in await self._hints(now, limit):
            hints.setdefault(chain_of(row), []).append(row)
        free = asyncio.Semaphore(_AT_ONCE)

        async def look(chain: Chain) -> tuple[str, Chain] | None:
            async with free:
                return await self._look(chain, hints[chain], now)

        found = [each for each in await asyncio.gather(*(look(chain) for chain in hints)) if each]
        return [chain for _, chain in sorted(found, key=lambda each: each[0])][:limit]

    async def _look(self, chain: Chain, hints: Sequence[TableEntity], now: datetime) -> tuple[str, Chain] | None:
        """The chain with the moment at which its front was due; stale hints are dropped."""
        front = await self._front(*chain, 1)
        if front and (due := due_of(front[0])) <= now:
            return moment_key(due), chain
        for hint in hints:
            await self._drop(hint)
        if front := await self._front(*chain, 1):
            await self._hint(*chain, due_of(front[0]))
        return None

    async def _add(self, waiting: Waiting, row: dict[str, Any]) -> None:
        head, place = await asyncio.gather(self._row(waiting, HEAD), self._row(waiting, _place_key(waiting)))
        if place is None:
            await self._begin(waiting, row, head)
        elif waiting.attempts:
            await self._hint(waiting.service, waiting.entity, waiting.due)
            await self._keep({**row, "RowKey": place["place"]})

    async def _begin(self, waiting: Waiting, row: dict[str, Any], head: TableEntity | None) -> None:
        length, order = number(head or {}, "waiting") + 1, number(head or {}, "queued") + 1
        place = f"w:{order_key(order)}:{escaped(waiting.event_id)}"
        change = self._head_change(waiting, head, {"waiting": int64(length), "queued": int64(order)})
        known = {"PartitionKey": row["PartitionKey"], "RowKey": _place_key(waiting), "place": place}
        if length == 1:
            await self._hint(waiting.service, waiting.entity, waiting.due)
        with storage_errors(f"let {waiting.event_id} wait"):
            await self._table.submit_transaction([change, ("create", {**row, "RowKey": place}), ("create", known)])
        if length == 1:
            await self._hint(waiting.service, waiting.entity, waiting.due)

    async def _keep(self, row: dict[str, Any]) -> None:
        try:
            with storage_errors(f"keep {row['event_id']} waiting"):
                await self._table.update_entity(row, UpdateMode.REPLACE)
        except Absent as error:
            raise Moved(str(error)) from error

    async def _remove(self, waiting: Waiting) -> None:
        """The one behind it has its hint before it is the front."""
        head, place, front = await asyncio.gather(
            self._row(waiting, HEAD),
            self._row(waiting, _place_key(waiting)),
            self._front(waiting.service, waiting.entity, 2),
        )
        is_front = bool(front) and event_id_of(front[0]) == waiting.event_id
        if place is None and not is_front:
            return
        if is_front and len(front) > 1:
            await self._hint(waiting.service, waiting.entity, due_of(front[1]))
        key = front[0]["RowKey"] if is_front else str(place["place"] if place else "")
        change = self._head_change(waiting, head, {"waiting": int64(number(head or {}, "waiting") - 1)})
        partition = chain_key(waiting.service, waiting.entity)
        gone = [key, *([place["RowKey"]] if place else [])]
        with storage_errors(f"stop {waiting.event_id} waiting"):
            deleted = [("delete", {"PartitionKey": partition, "RowKey": each}) for each in gone]
            await self._table.submit_transaction([change, *deleted])

    def _head_change(self, waiting: Waiting, head: TableEntity | None, counts: dict[str, Any]) -> Any:
        row = {**of_chain(waiting.service, waiting.entity), "RowKey": HEAD, **counts}
        if head is None:
            return "create", row
        condition = {"mode": UpdateMode.MERGE, "etag": head.metadata["etag"], "match_condition": _UNCHANGED}
        return "update", row, condition

    async def _row(self, waiting: Waiting, key: str) -> TableEntity | None:
        try:
            with storage_errors(f"read {key}"):
                return await self._table.get_entity(chain_key(waiting.service, waiting.entity), key)
        except Absent:
            return None

    async def _front(self, service: str, entity: Entity, count: int) -> list[TableEntity]:
        rows: list[TableEntity] = []
        async for row in rows_between(self._table, chain_key(service, entity), "w:", "w;", page=count):
            rows.append(row)
            if len(rows) == count:
                break
        return rows

    async def _hints(self, now: datetime, limit: int) -> list[TableEntity]:
        last = f"{moment_key(now)}:~"

        async def rows_of(partition: str) -> list[TableEntity]:
            rows: list[TableEntity] = []
            async for row in rows_between(self._pending, partition, "0", last, page=limit):
                if legible(row, chain_of, _HINT):
                    rows.append(row)
                if len(rows) == limit:
                    break
            return rows

        parts = await asyncio.gather(*(rows_of(f"bucket-{index}") for index in range(BUCKETS)))
        return sorted((row for part in parts for row in part), key=lambda row: str(row["RowKey"]))

    async def _hint(self, service: str, entity: Entity, due: datetime) -> None:
        identity = digest_of(service, str(entity))
        key = {"PartitionKey": bucket(identity), "RowKey": f"{moment_key(due)}:{identity}"}
        with storage_errors(f"say when {service} on {entity} is due"):
            await self._pending.upsert_entity({**of_chain(service, entity), **key}, UpdateMode.REPLACE)

    async def _drop(self, hint: TableEntity) -> None:
        try:
            with storage_errors("drop a stale hint"):
                await self._pending.delete_entity(hint, etag=hint.metadata["etag"], match_condition=_UNCHANGED)
        except (Moved, Absent):
            # Written again since it was read, or dropped by another sweeper.
            return


async def _retrying(change: Callable[[], Awaitable[None]]) -> None:
    """Repeat `change` while others win."""
    for _ in range(_ATTEMPTS):
        try:
            return await change()
        except Moved:
            continue
    raise Unavailable("a chain's queue keeps moving")


def _place_key(waiting: Waiting) -> str:
    return f"q:{escaped(waiting.event_id)}"
