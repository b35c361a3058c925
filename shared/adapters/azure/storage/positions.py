"""Positions as table rows: one partition for each (service, hub), one row for each hub partition."""

from azure.core import MatchConditions
from azure.data.tables import UpdateMode
from azure.data.tables.aio import TableServiceClient

from shared.adapters.azure.storage.account import storage_errors
from shared.adapters.azure.storage.keys import escaped, int64, number
from shared.ports import Absent, Hub, Moved, Unavailable

_ATTEMPTS = 20


class TablePositions:
    def __init__(self, tables: TableServiceClient, table: str = "positions") -> None:
        self._table = tables.get_table_client(table)

    async def last(self, service: str, hub: Hub, partition: int) -> int | None:
        return (await self._read(service, hub, partition))[0]

    async def _read(self, service: str, hub: Hub, partition: int) -> tuple[int | None, str | None]:
        """The number and its ETag."""
        try:
            with storage_errors(f"read the position of {service} in {hub}/{partition}"):
                row = await self._table.get_entity(_partition_key(service, hub), _row_key(partition))
        except Absent:
            return None, None
        return number(row, "sequence"), row.metadata["etag"]

    async def advance(self, service: str, hub: Hub, partition: int, sequence: int) -> None:
        for _ in range(_ATTEMPTS):
            last, etag = await self._read(service, hub, partition)
            if last is not None and last >= sequence:
                return
            try:
                await self._write(service, hub, partition, sequence, etag)
            except Moved:
                continue
            return
        raise Unavailable(f"the position of {service} in {hub}/{partition} keeps moving")

    async def _write(self, service: str, hub: Hub, partition: int, sequence: int, etag: str | None) -> None:
        row = {"PartitionKey": _partition_key(service, hub), "RowKey": _row_key(partition), "sequence": int64(sequence)}
        with storage_errors(f"write the position of {service} in {hub}/{partition}"):
            if etag is None:
                await self._table.create_entity(row)
            else:
                condition = MatchConditions.IfNotModified
                await self._table.update_entity(row, UpdateMode.REPLACE, etag=etag, match_condition=condition)


def _partition_key(service: str, hub: Hub) -> str:
    return f"{escaped(service)}|{hub}"


def _row_key(partition: int) -> str:
    return f"{partition:04d}"
