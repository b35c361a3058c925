"""Approvals as table rows, one partition each."""

from azure.data.tables import UpdateMode
from azure.data.tables.aio import TableServiceClient

from shared.adapters.azure.storage.account import storage_errors
from shared.adapters.azure.storage.bodies import join, split
from shared.adapters.azure.storage.keys import escaped
from shared.approvals import Approval
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
