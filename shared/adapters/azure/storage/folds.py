"""Folded states as table rows: the JSON is split over binary columns, an entity holds 1 MiB."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from azure.core import MatchConditions
from azure.data.tables import TableEntity, UpdateMode
from azure.data.tables.aio import TableServiceClient

from shared.adapters.azure.storage.account import storage_errors
from shared.adapters.azure.storage.bodies import join, split
from shared.adapters.azure.storage.keys import escaped, int64, number
from shared.events import canonical
from shared.ports import Absent, Folded, Folds, Hub, Refused

LIMIT_BYTES = 800 * 1024


class TableFolds(Folds):
    def __init__(self, tables: TableServiceClient, table: str = "folds") -> None:
        self._table = tables.get_table_client(table)

    async def read(self, service: str, hub: Hub, partition: int) -> Folded:
        try:
            with storage_errors(f"read the fold of {service} in {hub}/{partition}"):
                return _folded(await self._table.get_entity(_partition_key(service, hub), f"{partition:04d}"))
        except Absent:
            return Folded(state={})

    async def write(self, service: str, hub: Hub, partition: int, folded: Folded) -> None:
        row = {
            "PartitionKey": _partition_key(service, hub),
            "RowKey": f"{partition:04d}",
            "sequence": int64(folded.sequence),
            **split(_body(service, folded.state), "state"),
        }
        with storage_errors(f"write the fold of {service} in {hub}/{partition}"):
            if folded.version is None:
                await self._table.create_entity(row)
            else:
                condition, etag = MatchConditions.IfNotModified, folded.version
                await self._table.update_entity(row, UpdateMode.REPLACE, etag=etag, match_condition=condition)

    async def all(self, service: str, hub: Hub) -> Sequence[Folded]:
        with storage_errors(f"read the folds of {service} in {hub}"):
            rows = self._table.query_entities("PartitionKey eq @key", parameters={"key": _partition_key(service, hub)})
            return [_folded(row) async for row in rows]


def _partition_key(service: str, hub: Hub) -> str:
    return f"{escaped(service)}|{hub}"


def _body(service: str, state: Mapping[str, Any]) -> bytes:
    body = canonical(dict(state))
    if len(body) > LIMIT_BYTES:
        raise Refused(f"folded state of {service} is {len(body)} bytes, the limit is {LIMIT_BYTES}")
    return body


def _folded(row: TableEntity) -> Folded:
    return Folded(json.loads(join(row, "state")), number(row, "sequence"), row.metadata["etag"])
