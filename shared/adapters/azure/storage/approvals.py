"""Approvals as table rows, one partition each; beside them, a partition a package, a row for each who asked for it."""

from collections.abc import Sequence

from azure.data.tables import UpdateMode
from azure.data.tables.aio import TableServiceClient

from shared.adapters.azure.storage.account import storage_errors
from shared.adapters.azure.storage.bodies import join, split
from shared.adapters.azure.storage.keys import escaped, unescaped
from shared.approvals import Approval
from shared.events import Digest
from shared.ports import Approvals

_ROW = "approval"


class TableApprovals(Approvals):
    def __init__(self, tables: TableServiceClient, table: str = "approvals") -> None:
        self._table = tables.get_table_client(table)

    async def put(self, approval: Approval) -> None:
        columns = split(approval.model_dump_json().encode(), "body")
        row = {"PartitionKey": escaped(approval.id), "RowKey": _ROW, "status": approval.status, **columns}
        with storage_errors(f"write approval {approval.id}"):
            await self._table.upsert_entity(row, mode=UpdateMode.REPLACE)

    async def get(self, id: str) -> Approval:
        with storage_errors(f"read approval {id}"):
            row = await self._table.get_entity(escaped(id), _ROW)
        return Approval.model_validate_json(join(row, "body"))

    async def note_requesters(self, package: Digest, requesters: Sequence[str]) -> None:
        """A row each, so that two who ask at once are both kept."""
        for requester in requesters:
            row = {"PartitionKey": _asked_for(package), "RowKey": escaped(requester), "requester": requester}
            with storage_errors(f"note who asked for {package}"):
                await self._table.upsert_entity(row, mode=UpdateMode.REPLACE)

    async def requesters(self, package: Digest) -> tuple[str, ...]:
        with storage_errors(f"read who asked for {package}"):
            rows = self._table.query_entities("PartitionKey eq @key", parameters={"key": _asked_for(package)})
            # Nobody who asked is left out because a row was spoilt: its key says who, too.
            asked = [str(row.get("requester") or unescaped(str(row["RowKey"]))) async for row in rows]
        return tuple(sorted(asked))


def _asked_for(package: Digest) -> str:
    return f"package-{package}"
