"""The lanes' book as rows beside the positions: one for all first runs, one for each lane that was stopped."""

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from azure.core import MatchConditions
from azure.data.tables import TableEntity, UpdateMode
from azure.data.tables.aio import TableServiceClient

from shared.adapters.azure.storage.account import storage_errors
from shared.adapters.azure.storage.keys import escaped
from shared.ports import Absent, LaneBook, Moved, Stop, Unavailable

_ATTEMPTS = 20
_FIRST_RUNS = {"PartitionKey": "services", "RowKey": "first-runs"}


class TableLaneBook(LaneBook):
    def __init__(self, tables: TableServiceClient, table: str = "positions") -> None:
        self._table = tables.get_table_client(table)

    async def first_runs(self, services: Collection[str], now: datetime) -> Mapping[str, datetime | None]:
        for _ in range(_ATTEMPTS):
            row = await self._row(_FIRST_RUNS)
            known = _moments(row)
            since = now if row else None
            first = {**dict.fromkeys(services, since), **known}
            if first == known:
                return {service: known[service] for service in services}
            try:
                await self._note(first, row)
            except Moved:
                continue
        raise Unavailable("the list of first runs keeps moving")

    async def _row(self, key: Mapping[str, str]) -> TableEntity | None:
        try:
            with storage_errors("read the lanes' book"):
                return await self._table.get_entity(key["PartitionKey"], key["RowKey"])
        except Absent:
            return None

    async def _note(self, first: Mapping[str, datetime | None], row: TableEntity | None) -> None:
        moments = {service: moment and moment.isoformat() for service, moment in first.items()}
        new: dict[str, Any] = {**_FIRST_RUNS, "first": json.dumps(moments)}
        with storage_errors("note when a service first ran"):
            if row is None:
                await self._table.create_entity(new)
            else:
                condition, etag = MatchConditions.IfNotModified, row.metadata["etag"]
                await self._table.update_entity(new, UpdateMode.REPLACE, etag=etag, match_condition=condition)

    async def stopped(self, lane: str) -> Stop | None:
        row = await self._row(_stop_key(lane))
        return Stop(row["build"], datetime.fromisoformat(row["at"]), row["reason"]) if row else None

    async def stop(self, lane: str, stop: Stop) -> None:
        row = {**_stop_key(lane), "build": stop.build, "at": stop.at.isoformat(), "reason": stop.reason}
        with storage_errors(f"stop lane {lane}"):
            await self._table.upsert_entity(row, UpdateMode.REPLACE)

    async def resume(self, lane: str) -> None:
        with storage_errors(f"resume lane {lane}"):
            await self._table.delete_entity(_stop_key(lane))


def _moments(row: TableEntity | None) -> dict[str, datetime | None]:
    found: dict[str, str | None] = json.loads(row["first"]) if row else {}
    return {service: datetime.fromisoformat(moment) if moment else None for service, moment in found.items()}


def _stop_key(lane: str) -> dict[str, str]:
    return {"PartitionKey": "stopped-lanes", "RowKey": escaped(lane)}
