"""Deadlines as table rows, spread over a few partitions.

Each deadline has two rows in one partition, changed in one transaction: `k:<identity>` says when it is due,
`t:<time>:<identity>` is found by time.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from azure.core import MatchConditions
from azure.data.tables import TableEntity, UpdateMode
from azure.data.tables.aio import TableServiceClient

from shared.adapters.azure.storage.account import storage_errors
from shared.adapters.azure.storage.keys import BUCKETS, bucket, digest_of, moment_key
from shared.events import Entity
from shared.ports import Absent, Deadline, Deadlines, Moved, Unavailable

_ATTEMPTS = 20


class TableDeadlines(Deadlines):
    def __init__(self, tables: TableServiceClient, table: str = "deadlines") -> None:
        self._table = tables.get_table_client(table)

    async def set(self, deadline: Deadline) -> None:
        for _ in range(_ATTEMPTS):
            pointer = await self._pointer(deadline)
            if pointer is not None and pointer["due"] == _due_key(deadline):
                return
            try:
                await self._change([*_removal(pointer), *_addition(deadline, pointer)])
            except (Moved, Absent):
                continue
            return
        raise Unavailable(f"deadline {deadline.key} of {deadline.entity} keeps moving")

    async def clear(self, deadline: Deadline) -> None:
        pointer = await self._pointer(deadline)
        if pointer is None or pointer["due"] != _due_key(deadline):
            return
        try:
            await self._change([*_removal(pointer), ("delete", pointer, _unchanged(pointer))])
        except (Moved, Absent):
            # Another clear was faster, or the deadline was moved meanwhile: then it must stay.
            return

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


def _removal(pointer: TableEntity | None) -> list[Any]:
    if pointer is None:
        return []
    return [("delete", {"PartitionKey": pointer["PartitionKey"], "RowKey": pointer["due"]})]


def _addition(deadline: Deadline, pointer: TableEntity | None) -> list[Any]:
    identity, due = _identity(deadline), _due_key(deadline)
    key = {"PartitionKey": bucket(identity), "RowKey": f"k:{identity}", "due": due}
    row = {
        "PartitionKey": bucket(identity),
        "RowKey": due,
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
