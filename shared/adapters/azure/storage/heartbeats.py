"""The heartbeat as one row beside the positions; when it was written, the store itself says."""

from datetime import datetime

from azure.data.tables import UpdateMode
from azure.data.tables.aio import TableServiceClient

from shared.adapters.azure.storage.account import storage_errors
from shared.ports import Absent, Heartbeat, Heartbeats, Unavailable

_KEY = {"PartitionKey": "heartbeat", "RowKey": "control"}


class TableHeartbeats(Heartbeats):
    def __init__(self, tables: TableServiceClient, table: str = "positions") -> None:
        self._table = tables.get_table_client(table)

    async def beat(self, at: datetime, build: str) -> None:
        row = {**_KEY, "at": at.isoformat(), "build": build}
        with storage_errors("write the heartbeat"):
            await self._table.upsert_entity(row, UpdateMode.REPLACE)

    async def last(self) -> Heartbeat | None:
        try:
            with storage_errors("read the heartbeat"):
                row = await self._table.get_entity(_KEY["PartitionKey"], _KEY["RowKey"])
        except Absent:
            return None
        written_at = row.metadata["timestamp"]
        if written_at is None:
            raise Unavailable("read the heartbeat: the store did not say when it was written")
        return Heartbeat(datetime.fromisoformat(row["at"]), written_at, row["build"])
