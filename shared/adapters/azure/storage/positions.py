"""Positions as table rows: one partition for each (reader, hub), one row for each hub partition."""

from collections.abc import AsyncIterator
from dataclasses import replace

from azure.core import MatchConditions
from azure.data.tables import TableEntity, UpdateMode
from azure.data.tables.aio import TableServiceClient

from shared.adapters.azure.storage.account import storage_errors
from shared.adapters.azure.storage.keys import escaped, int64, number
from shared.adapters.azure.storage.legible import legible
from shared.ports import Absent, Place, Position, Positions


class TablePositions(Positions):
    def __init__(self, tables: TableServiceClient, table: str = "positions") -> None:
        self._table = tables.get_table_client(table)

    async def read(self, place: Place) -> Position | None:
        key = _key(place)
        try:
            with storage_errors(f"read {_words(place)}"):
                return _position(await self._table.get_entity(key["PartitionKey"], key["RowKey"]))
        except Absent:
            return None

    async def move(self, place: Place, before: Position | None, after: Position) -> Position:
        row = {**_key(place), "reader": place.reader, "hub": place.hub, "partition": place.partition}
        row |= {"sequence": int64(after.sequence), "epoch": after.epoch}
        with storage_errors(f"write {_words(place)}"):
            if before is None or before.version is None:
                written = await self._table.create_entity(row)
            else:
                condition, etag = MatchConditions.IfNotModified, before.version
                written = await self._table.update_entity(row, UpdateMode.REPLACE, etag=etag, match_condition=condition)
        return replace(after, version=written["etag"])

    async def all(self) -> AsyncIterator[tuple[Place, Position]]:
        with storage_errors("read all positions"):
            async for row in self._table.query_entities("reader ne ''"):
                if found := legible(row, _placed, "a position"):
                    yield found


def _key(place: Place) -> dict[str, str]:
    return {"PartitionKey": f"{escaped(place.reader)}|{place.hub}", "RowKey": f"{place.partition:04d}"}


def _placed(row: TableEntity) -> tuple[Place, Position]:
    return Place(row["reader"], row["hub"], int(row["partition"])), _position(row)


def _position(row: TableEntity) -> Position:
    return Position(str(row.get("epoch", "")), number(row, "sequence"), row.metadata["etag"])


def _words(place: Place) -> str:
    return f"the position of {place.reader} in {place.hub}/{place.partition}"
