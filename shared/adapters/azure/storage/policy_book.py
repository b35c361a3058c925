"""Policies on record as table rows, one for each change: inserting the next is the claim on it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from azure.data.tables.aio import TableServiceClient

from shared.adapters.azure.storage.account import storage_errors
from shared.ports import Absent, Moved, PolicyBook, PolicyOnRecord

_PARTITION = "policy"
_LARGEST = 10**10


class TablePolicyBook(PolicyBook):
    """Rows sort by how many changes are still possible, so that the latest comes first."""

    def __init__(self, tables: TableServiceClient, table: str = "policies") -> None:
        self._table = tables.get_table_client(table)

    async def last(self) -> PolicyOnRecord | None:
        query, parameters = "PartitionKey eq @partition", {"partition": _PARTITION}
        with storage_errors("read the policy on record"):
            rows = self._table.query_entities(query, parameters=parameters, results_per_page=1)
            async for row in rows:
                return _on_record(row)
        return None

    async def put(self, policy: PolicyOnRecord) -> None:
        last = await self.last()
        if last != policy and policy.number != (last.number if last else 0) + 1:
            raise Moved(f"policy {policy.number}: another one is on record")
        try:
            await self._insert(policy)
        except Moved:
            # Also when a retry inside the SDK met the first try's own success.
            if await self._read(policy.number) != policy:
                raise

    async def _insert(self, policy: PolicyOnRecord) -> None:
        row = {
            "PartitionKey": _PARTITION,
            "RowKey": _row_key(policy.number),
            "digest": policy.digest,
            "at": policy.at.isoformat(),
            "before": policy.before or "",
            "by": policy.by,
        }
        with storage_errors(f"put policy {policy.number} on record"):
            await self._table.create_entity(row)

    async def _read(self, number: int) -> PolicyOnRecord | None:
        try:
            with storage_errors(f"read policy {number} on record"):
                return _on_record(await self._table.get_entity(_PARTITION, _row_key(number)))
        except Absent:
            return None


def _on_record(row: Mapping[str, Any]) -> PolicyOnRecord:
    number, at = _LARGEST - int(row["RowKey"]), datetime.fromisoformat(row["at"])
    return PolicyOnRecord(row["digest"], number, at, row["before"] or None, row["by"])


def _row_key(number: int) -> str:
    return f"{_LARGEST - number:011d}"
