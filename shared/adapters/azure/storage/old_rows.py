"""Rows that nobody has written for long: found by the store's own `Timestamp`, deleted as they were found."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from azure.core import MatchConditions
from azure.data.tables import TableEntity
from azure.data.tables.aio import TableClient

from shared.adapters.azure.storage.account import storage_errors
from shared.ports import Absent, Moved

_AT_ONCE = 16


async def forget_old(table: TableClient, which: str, parameters: Mapping[str, Any], before: datetime, most: int) -> int:
    """Delete at most so many rows of those that `which` names, and that were written last before that."""
    found: list[TableEntity] = []
    query, named = f"{which} and Timestamp lt @before", {**parameters, "before": before}
    with storage_errors("read what is old"):
        async for row in table.query_entities(query, parameters=named, select=["PartitionKey", "RowKey"]):
            found.append(row)
            if len(found) == most:
                break
    free = asyncio.Semaphore(_AT_ONCE)
    await asyncio.gather(*(_forget(table, row, free) for row in found))
    return len(found)


async def _forget(table: TableClient, row: TableEntity, free: asyncio.Semaphore) -> None:
    """Whoever wrote it meanwhile, or has deleted it before, is right."""
    condition: dict[str, Any] = {"etag": row.metadata["etag"], "match_condition": MatchConditions.IfNotModified}
    try:
        async with free:
            with storage_errors("delete what is old"):
                await table.delete_entity(row, **condition)
    except (Moved, Absent):
        return
