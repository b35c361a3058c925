"""Deadlines as table rows, spread over a few partitions.

Each deadline has two rows in one partition, changed in one transaction: `k:<identity>` says when it is due,
`t:<time>:<identity>` is found by time.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from itertools import batched
from typing import Any

from azure.core import MatchConditions
from azure.data.tables import TableEntity, UpdateMode
from azure.data.tables.aio import TableServiceClient

from shared.adapters.azure.storage.account import storage_errors
from shared.adapters.azure.storage.keys import BUCKETS, bucket, digest_of, moment_key
from shared.adapters.azure.storage.legible import legible
from shared.events import Entity
from shared.ports import Absent, Deadline, Deadlines, Moved, Unavailable

_ATTEMPTS = 20
# A transaction holds a hundred operations, and a deadline has two rows.
_IN_ONE_CHANGE = 50


class TableDeadlines(Deadlines):
    def __init__(self, tables: TableServiceClient, table: str = "deadlines") -> None:
        self._table = tables.get_table_client(table)

    async def set(self, deadline: Deadline) -> None:
        for _ in range(_ATTEMPTS):
            pointer = await self._pointer(deadline)
            if pointer is not None and pointer["due"] == _due_key(deadline):
                return
            try:
                former = [("delete", _key(deadline, pointer["due"]))] if pointer else []
                await self._change([*former, *_addition(deadline, pointer)])
            except (Moved, Absent):
                continue
            return
        raise Unavailable(f"deadline {deadline.key} of {deadline.entity} keeps moving")

    async def clear(self, deadlines: Sequence[Deadline]) -> None:
        by_bucket: dict[str, list[Deadline]] = defaultdict(list)
        for deadline in deadlines:
            by_bucket[bucket(_identity(deadline))].append(deadline)
        await asyncio.gather(*(self._clear_in(some) for some in by_bucket.values()))

    async def _clear_in(self, deadlines: Sequence[Deadline]) -> None:
        """One bucket's, in batches; where one of a batch has gone or was moved meanwhile, each of it alone."""
        for some in batched(deadlines, _IN_ONE_CHANGE, strict=False):
            if not await self._cleared(some):
                for deadline in some if len(some) > 1 else ():
                    await self._cleared([deadline])

    async def _cleared(self, deadlines: Sequence[Deadline]) -> bool:
        """All or none. The row by time exists only while the other one points at it: both change in one transaction."""
        try:
            await self._change([operation for deadline in deadlines for operation in _removal(deadline)])
        except (Moved, Absent):
            return False
        return True

    async def due(self, now: datetime, limit: int = 100) -> Sequence[Deadline]:
        found = await asyncio.gather(*(self._due_in(f"bucket-{index}", now, limit) for index in range(BUCKETS)))
        rows = sorted((row for part in found for row in part), key=lambda row: str(row["RowKey"]))
        return [_deadline(row) for row in rows[:limit]]

    async def _due_in(self, partition: str, now: datetime, limit: int) -> list[TableEntity]:
        # `~` sorts behind every identity, so that a deadline at `now` itself is due.
        parameters = {"partition": partition, "first": "t:", "last": f"t:{moment_key(now)}:~"}
        query = "PartitionKey eq @partition and RowKey ge @first and RowKey le @last"
        rows: list[TableEntity] = []
        with storage_errors("read what is due"):
            async for row in self._table.query_entities(query, parameters=parameters, results_per_page=limit):
                if legible(row, _deadline, "a reminder"):
                    rows.append(row)
                if len(rows) == limit:
                    break
        return rows

    async def _pointer(self, deadline: Deadline) -> TableEntity | None:
        identity = _identity(deadline)
        try:
            with storage_errors(f"read deadline {deadline.key}"):
                return await self._table.get_entity(bucket(identity), f"k:{identity}")
        except Absent:
            return None

    async def _change(self, operations: list[Any]) -> None:
        with storage_errors("change a deadline"):
            await self._table.submit_transaction(operations)


def _identity(deadline: Deadline) -> str:
    return digest_of(deadline.service, str(deadline.entity), deadline.key)


def _due_key(deadline: Deadline) -> str:
    return f"t:{moment_key(deadline.at)}:{_identity(deadline)}"


def _unchanged(row: TableEntity) -> dict[str, Any]:
    return {"etag": row.metadata["etag"], "match_condition": MatchConditions.IfNotModified}


def _key(deadline: Deadline, row: str) -> dict[str, str]:
    return {"PartitionKey": bucket(_identity(deadline)), "RowKey": row}


def _removal(deadline: Deadline) -> list[Any]:
    identity, due = _identity(deadline), _due_key(deadline)
    return [("delete", _key(deadline, due)), ("delete", _key(deadline, f"k:{identity}"))]


def _addition(deadline: Deadline, pointer: TableEntity | None) -> list[Any]:
    identity, due = _identity(deadline), _due_key(deadline)
    key = {**_key(deadline, f"k:{identity}"), "due": due}
    row = {
        **_key(deadline, due),
        "service": deadline.service,
        "entity": str(deadline.entity),
        "key": deadline.key,
        "at": deadline.at.isoformat(),
        "cause": deadline.cause,
        "correlation": deadline.correlation,
    }
    if pointer is None:
        return [("create", key), ("create", row)]
    return [("update", key, {"mode": UpdateMode.REPLACE, **_unchanged(pointer)}), ("create", row)]


def _deadline(row: TableEntity) -> Deadline:
    return Deadline(
        service=row["service"],
        entity=Entity.parse(row["entity"]),
        key=row["key"],
        at=datetime.fromisoformat(row["at"]),
        cause=row["cause"],
        correlation=row["correlation"],
    )
