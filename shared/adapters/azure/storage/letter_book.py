"""The book of dead letters as table rows, one partition each."""

from datetime import datetime

from azure.data.tables import UpdateMode
from azure.data.tables.aio import TableServiceClient

from shared.adapters.azure.storage.account import storage_errors
from shared.adapters.azure.storage.bodies import join, split
from shared.adapters.azure.storage.keys import escaped
from shared.adapters.azure.storage.old_rows import forget_old
from shared.events import DeadLettered
from shared.ports import LetterBook

_ROW = "letter"


class TableLetterBook(LetterBook):
    def __init__(self, tables: TableServiceClient, table: str = "letters") -> None:
        self._table = tables.get_table_client(table)

    async def keep(self, letter_id: str, letter: DeadLettered) -> None:
        columns = split(letter.model_dump_json().encode(), "body")
        row = {"PartitionKey": escaped(letter_id), "RowKey": _ROW, "service": letter.service, **columns}
        with storage_errors(f"keep dead letter {letter_id}"):
            await self._table.upsert_entity(row, mode=UpdateMode.REPLACE)

    async def get(self, letter_id: str) -> DeadLettered:
        with storage_errors(f"read dead letter {letter_id}"):
            row = await self._table.get_entity(escaped(letter_id), _ROW)
        return DeadLettered.model_validate_json(join(row, "body"))

    async def forget(self, before: datetime, most: int) -> int:
        return await forget_old(self._table, "RowKey eq @letter", {"letter": _ROW}, before, most)
