"""Brakes as rows of one table partition: reading them all is one query."""

from collections.abc import Sequence
from datetime import UTC, datetime

from azure.core import MatchConditions
from azure.data.tables import TableEntity, UpdateMode
from azure.data.tables.aio import TableServiceClient

from shared.adapters.azure.storage.account import storage_errors
from shared.adapters.azure.storage.keys import escaped, unescaped
from shared.adapters.azure.storage.legible import ILLEGIBLE, say
from shared.ports import Absent, Brake, Brakes, Moved, Unavailable

_PARTITION = "brakes"
_ATTEMPTS = 20


class TableBrakes(Brakes):
    def __init__(self, tables: TableServiceClient, table: str = "brakes") -> None:
        self._table = tables.get_table_client(table)

    async def set(self, brake: Brake) -> None:
        for _ in range(_ATTEMPTS):
            row = await self._row(brake.scope)
            if row is not None and _brake(row).since > brake.since:
                return
            try:
                await self._write(brake, row)
            except Moved:
                continue
            return
        raise Unavailable(f"the brake on {brake.scope} keeps moving")

    async def engaged(self) -> Sequence[Brake]:
        query, parameters = "PartitionKey eq @partition and engaged eq true", {"partition": _PARTITION}
        with storage_errors("read the brakes"):
            return [_brake(row) async for row in self._table.query_entities(query, parameters=parameters)]

    async def _row(self, scope: str) -> TableEntity | None:
        try:
            with storage_errors(f"read the brake on {scope}"):
                return await self._table.get_entity(_PARTITION, escaped(scope))
        except Absent:
            return None

    async def _write(self, brake: Brake, before: TableEntity | None) -> None:
        row = {
            "PartitionKey": _PARTITION,
            "RowKey": escaped(brake.scope),
            "scope": brake.scope,
            "engaged": brake.engaged,
            "operator": brake.operator,
            "reason": brake.reason,
            "since": brake.since.isoformat(),
        }
        with storage_errors(f"write the brake on {brake.scope}"):
            if before is None:
                await self._table.create_entity(row)
            else:
                etag, condition = before.metadata["etag"], MatchConditions.IfNotModified
                await self._table.update_entity(row, UpdateMode.REPLACE, etag=etag, match_condition=condition)


def _brake(row: TableEntity) -> Brake:
    """A brake that was engaged holds, whatever else of its row cannot be read: its key says on what."""
    try:
        since = datetime.fromisoformat(row["since"])
        return Brake(row["scope"], row["engaged"], row["operator"], row["reason"], since)
    except ILLEGIBLE as error:
        say(row, "a brake", error)
    scope, since = unescaped(str(row["RowKey"])), row.metadata["timestamp"] or datetime.min.replace(tzinfo=UTC)
    return Brake(scope, bool(row.get("engaged", True)), "somebody", "its row cannot be read", since)
