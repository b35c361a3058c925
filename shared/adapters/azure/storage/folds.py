"""Folded states as table rows: position and states of one hub partition lie in one partition of the table.

`<fold>|<hub>|<partition>` holds row `position`, and row `s:<key>` for each state, split over binary columns.
`<fold>|<hub>` names the partitions that were met.
"""

import asyncio
from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from azure.core import MatchConditions
from azure.data.tables import UpdateMode
from azure.data.tables.aio import TableServiceClient

from shared.adapters.azure.storage.account import storage_errors
from shared.adapters.azure.storage.bodies import join, split
from shared.adapters.azure.storage.keys import escaped, int64, number
from shared.adapters.azure.storage.legible import legible
from shared.adapters.azure.storage.old_rows import forget_old
from shared.ports import Absent, Folds, Hub, Moved, Place, Position, Refused
from shared.ports.records.folds import too_large

_POSITION = "position"
_READS_AT_ONCE = 16


class TableFolds(Folds):
    def __init__(self, tables: TableServiceClient, table: str = "folds") -> None:
        self._table = tables.get_table_client(table)

    async def position(self, place: Place) -> Position | None:
        try:
            with storage_errors(f"read the position of {place}"):
                row = await self._table.get_entity(_partition_key(place), _POSITION)
        except Absent:
            return None
        return Position(row["epoch"], number(row, "sequence"), row.metadata["etag"])

    async def states(self, place: Place, keys: Collection[str]) -> Mapping[str, bytes]:
        rows = {key: (_partition_key(place), _row_key(key)) for key in keys}
        found = await self._read(list(rows.values()), f"read states of {place}")
        states = dict(zip(rows, found, strict=True))
        return {key: body for key, body in states.items() if body is not None}

    async def _read(self, places: Collection[tuple[str, str]], doing: str) -> list[bytes | None]:
        """Point reads: a filter that names several rows would be answered from the whole partition."""
        free = asyncio.Semaphore(_READS_AT_ONCE)

        async def one(partition_key: str, row_key: str) -> bytes | None:
            try:
                async with free:
                    with storage_errors(doing):
                        return join(await self._table.get_entity(partition_key, row_key), "state")
            except Absent:
                return None

        return list(await asyncio.gather(*(one(*place) for place in places)))

    async def write(self, place: Place, position: Position, states: Mapping[str, bytes]) -> None:
        doing = f"write the fold {place}"
        if why := too_large(states):
            raise Refused(f"{doing}: {why}")
        key = _partition_key(place)
        if position.version is None:
            await self._meet(place)
        rows = [("upsert", _state(key, *state), {"mode": UpdateMode.REPLACE}) for state in states.items()]
        with storage_errors(doing):
            await self._table.submit_transaction([_move(key, position), *rows])

    async def _meet(self, place: Place) -> None:
        """Before the first state: `of` may find a partition without one, but must not overlook any."""
        row = {"PartitionKey": _met_key(place.reader, place.hub), "RowKey": f"{place.partition:04d}"}
        with suppress(Moved), storage_errors(f"name the partition of {place}"):
            await self._table.create_entity(row)

    async def of(self, fold: str, hub: Hub, key: str) -> Mapping[int, bytes | None]:
        with storage_errors(f"read the partitions of {fold} in {hub}"):
            rows = self._table.query_entities("PartitionKey eq @key", parameters={"key": _met_key(fold, hub)})
            found = [legible(row, lambda each: int(each["RowKey"]), "a partition of a fold") async for row in rows]
        met = sorted(partition for partition in found if partition is not None)
        places = [(_partition_key(Place(fold, hub, partition)), _row_key(key)) for partition in met]
        return dict(zip(met, await self._read(places, f"read states of {fold} in {hub}"), strict=True))

    async def forget(self, before: datetime, most: int) -> int:
        parameters = {"first": _row_key(""), "after": "s;"}
        return await forget_old(self._table, "RowKey ge @first and RowKey lt @after", parameters, before, most)


def _move(key: str, position: Position) -> tuple[Any, ...]:
    row = {
        "PartitionKey": key,
        "RowKey": _POSITION,
        "sequence": int64(position.sequence),
        "epoch": position.epoch,
    }
    if position.version is None:
        return "create", row
    condition = {"etag": position.version, "match_condition": MatchConditions.IfNotModified}
    return "update", row, {"mode": UpdateMode.REPLACE, **condition}


def _state(partition_key: str, key: str, body: bytes) -> dict[str, Any]:
    return {"PartitionKey": partition_key, "RowKey": _row_key(key), **split(body, "state")}


def _partition_key(place: Place) -> str:
    return f"{_met_key(place.reader, place.hub)}|{place.partition:04d}"


def _met_key(fold: str, hub: Hub) -> str:
    return f"{escaped(fold)}|{hub}"


def _row_key(key: str) -> str:
    return f"s:{escaped(key)}"
