"""The ledger in table storage: a chain is a partition, a decision is one entity-group transaction on it."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import batched
from typing import Any

from azure.core import MatchConditions
from azure.data.tables import TableEntity, UpdateMode
from azure.data.tables.aio import TableServiceClient

from shared.adapters.azure.storage.account import ServerTime, storage_errors
from shared.adapters.azure.storage.bodies import Bodies
from shared.adapters.azure.storage.keys import chain_key, number
from shared.adapters.azure.storage.ledger_ends import OldEnds
from shared.adapters.azure.storage.ledger_queue import WaitingQueue
from shared.adapters.azure.storage.ledger_rows import (
    HEAD,
    LedgerRows,
    chain_of,
    decision_key,
    indexed_mark,
    lease_columns,
    mark_prefix,
    mark_row,
    rows_between,
)
from shared.adapters.azure.storage.legible import ILLEGIBLE, say
from shared.events import Entity
from shared.ports import Absent, Cut, Entry, Evidence, Head, Lease, Ledger, Mark, Moved, Progress, Refused, Waiting

_READ_AT_ONCE = 16


class TableLedger(Ledger):
    """Bodies above 32 KB go to `evidence` before the row that names them."""

    def __init__(
        self, tables: TableServiceClient, evidence: Evidence, table: str = "ledger", pending: str = "pending"
    ) -> None:
        self._table = tables.get_table_client(table)
        self._rows = LedgerRows(Bodies(evidence))
        self._queue = WaitingQueue(self._table, tables.get_table_client(pending), self._rows)
        self._ends = OldEnds(self._table)

    async def head(self, service: str, entity: Entity) -> Head:
        row = await self._row(chain_key(service, entity), HEAD)
        return Head(None, "", 0, None) if row is None else await self._rows.read_head(row)

    async def _row(self, partition: str, key: str, told: ServerTime | None = None) -> TableEntity | None:
        try:
            with storage_errors(f"read {key}"):
                return await self._table.get_entity(partition, key, raw_response_hook=told)
        except Absent:
            return None

    async def find(self, service: str, entity: Entity, event_id: str) -> Progress | None:
        partition, server = chain_key(service, entity), ServerTime()
        row = await self._row(partition, decision_key(event_id), server)
        if row is None:
            return None
        prefix = mark_prefix(event_id)
        rows = rows_between(self._table, partition, prefix, prefix[:-1] + ";")
        return await self._rows.progress(row, dict([indexed_mark(each) async for each in rows]), server.now)

    async def record(self, entry: Entry, head: Head, lease: Lease | None) -> Progress:
        decision = await self._rows.decision(entry, lease)
        new_head = self._rows.head(decision, entry, head, lease)
        move = ("create", new_head) if head.version is None else ("update", new_head, _over(head.version))
        try:
            with storage_errors(f"record {entry.event_id}"):
                written = await self._table.submit_transaction([("create", decision), move])
        except Absent as error:
            raise Moved(f"the head is gone: {error}") from error
        open_, version = entry.event_id if lease else None, written[1]["etag"]
        end = replace(
            head, state=entry.state, hash=entry.hash, length=head.length + 1, version=version, last=entry.event_id,
            open=open_,
        )  # fmt: skip
        return Progress(entry, {}, lease is None, lease, written[0]["etag"], head=end)

    async def lease(self, progress: Progress, lease: Lease) -> Progress | None:
        if progress.left and progress.lease and progress.lease.owner != lease.owner:
            return None
        try:
            version = await self._change(progress, {}, lease_columns(lease), "take the lease of")
        except Moved:
            return None
        return replace(progress, lease=lease, version=version)

    async def mark(self, progress: Progress, marks: Mapping[int, Mark], lease: Lease) -> Progress:
        version = await self._change(progress, marks, lease_columns(lease), "mark")
        return replace(progress, marks={**progress.marks, **marks}, lease=lease, version=version)

    async def settle(self, progress: Progress, marks: Mapping[int, Mark], link: str) -> Progress:
        """The head is no longer open; while it is, nobody can have recorded after it, but events may have queued."""
        end = progress.head
        try:
            versions = await self._settle(progress, marks, link, end)
        except Moved:
            if end is None:
                raise
            versions, end = await self._settle(progress, marks, link, None), None
        end = replace(end, hash=link, version=versions[-1], open=None) if end else None
        return replace(progress, marks={**progress.marks, **marks}, settled=True, version=versions[0], head=end)

    def _settle(
        self, progress: Progress, marks: Mapping[int, Mark], link: str, end: Head | None
    ) -> Awaitable[list[str]]:
        head = {"PartitionKey": _chain_key(progress), "RowKey": HEAD, "open": "", "hash": link}
        closed = ("update", head, _over(end.version if end else None))
        return self._changed(progress, marks, {"settled": True}, "settle", closed)

    async def _change(self, progress: Progress, marks: Mapping[int, Mark], columns: dict[str, Any], doing: str) -> str:
        return (await self._changed(progress, marks, columns, doing))[0]

    async def _changed(
        self, progress: Progress, marks: Mapping[int, Mark], columns: dict[str, Any], doing: str, *more: Any
    ) -> list[str]:
        """One transaction over a decision's row, as it was read, and new rows for its marks; all their versions."""
        entry = progress.entry
        row = {"PartitionKey": _chain_key(progress), "RowKey": decision_key(entry.event_id), **columns}
        created = [("create", mark_row(entry, index, mark)) for index, mark in marks.items()]
        with storage_errors(f"{doing} {entry.event_id}"):
            operations = [("update", row, _over(progress.version)), *created, *more]
            return [str(each["etag"]) for each in await self._table.submit_transaction(operations)]

    async def wait(self, waiting: Waiting) -> None:
        await self._queue.add(waiting)

    async def first_waiting(self, service: str, entity: Entity) -> Waiting | None:
        return await self._queue.first(service, entity)

    async def stop_waiting(self, waiting: Waiting) -> None:
        await self._queue.remove(waiting)

    async def due(self, now: datetime, limit: int = 100) -> Sequence[tuple[str, Entity]]:
        return await self._queue.due(now, limit)

    async def pending(self, limit: int = 100) -> Sequence[Waiting]:
        return await self._queue.fronts(limit)

    async def chains(self) -> AsyncIterator[tuple[str, Entity, Head]]:
        broken = ""
        with storage_errors("read all heads"):
            async for row in self._table.query_entities("RowKey eq @head", parameters={"head": HEAD}):
                try:
                    head = (*chain_of(row), await self._rows.read_head(row))
                except (*ILLEGIBLE, Refused) as error:
                    say(row, "the head of a chain", error)
                    broken = broken or f"the head in {row['PartitionKey']} cannot be read: {error!r}"
                    continue
                # A head without a decision only counts what waits: that chain has not begun.
                if head[2].length:
                    yield head
        if broken:
            raise Refused(broken)

    async def time(self) -> datetime:
        return await self._ends.time()

    def aged(self, before: datetime) -> AsyncIterator[tuple[str, Entity]]:
        return self._ends.aged(before)

    def unfinished(self) -> AsyncIterator[tuple[str, Entity]]:
        return self._ends.unfinished()

    async def shorten(self, head: Head, cut: Cut) -> Head:
        return await self._ends.shorten(head, cut)

    async def entries(self, service: str, entity: Entity) -> AsyncIterator[Progress]:
        """Decisions and marks of one partition lie side by side: a page of a thousand rows is one call."""
        decisions: list[TableEntity] = []
        marks: dict[str, dict[int, Mark]] = defaultdict(dict)
        server = ServerTime()
        async for row in rows_between(self._table, chain_key(service, entity), "d:", "n", told=server):
            kind, key = row["RowKey"][:2], row["RowKey"][2:]
            if kind == "d:":
                decisions.append(row)
            elif kind == "m:":
                marks[key.rpartition(":")[0]].update([indexed_mark(row)])
        decisions.sort(key=lambda row: (number(row, "position"), str(row["event_id"])))
        for some in batched(decisions, _READ_AT_ONCE, strict=False):
            reads = (self._listed(row, marks[row["RowKey"][2:]], server.now) for row in some)
            for found in await asyncio.gather(*reads, return_exceptions=True):
                # Raised where it stands: what comes before a row that cannot be read is still good.
                if isinstance(found, BaseException):
                    raise found
                yield found

    async def _listed(self, row: TableEntity, marks: Mapping[int, Mark], now: datetime) -> Progress:
        """Raises `Refused` for a row that lies under another's key: asked for by its event it would not be found."""
        if row["RowKey"] != decision_key(str(row["event_id"])):
            raise Refused(f"the row of event {row['event_id']} lies under the key {row['RowKey']}")
        return await self._rows.progress(row, marks, now)


def _chain_key(progress: Progress) -> str:
    return chain_key(progress.entry.service, progress.entry.entity)


def _over(version: str | None) -> dict[str, Any]:
    """Merged over the row in this version, or in whichever it has: what it has beside stays."""
    if version is None:
        return {"mode": UpdateMode.MERGE}
    return {"mode": UpdateMode.MERGE, "etag": version, "match_condition": MatchConditions.IfNotModified}
