"""Both ends of chains: which are old enough to be shortened, and how that is done; which have something left to do."""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from azure.core import MatchConditions
from azure.data.tables import TableEntity, UpdateMode
from azure.data.tables.aio import TableClient

from shared.adapters.azure.storage.account import ServerTime, storage_errors
from shared.adapters.azure.storage.keys import moment_key, number
from shared.adapters.azure.storage.ledger_rows import HEAD, chain_of, rows_of, shortened
from shared.adapters.azure.storage.legible import legible
from shared.events import Entity
from shared.ports import Cut, Head, Progress, Refused

# A transaction takes a hundred rows, of which one is the head.
_MOST_ROWS = 99
_SEEN = ["PartitionKey", "RowKey", "service", "entity"]


class OldEnds:
    """`table` is the ledger's. A head's column `oldest` is when its first entry here was decided, as a sortable key."""

    def __init__(self, table: TableClient) -> None:
        self._table = table

    async def time(self) -> datetime:
        """An answer is dated, also when there is nothing in it."""
        server = ServerTime()
        with storage_errors("ask for the time"):
            asked = self._table.query_entities("PartitionKey eq 'clock'", raw_response_hook=server, results_per_page=1)
            _ = [row async for row in asked]
        return server.now

    async def aged(self, before: datetime) -> AsyncIterator[tuple[str, Entity]]:
        """Heads of earlier builds do not have the column."""
        # The SDK finds a parameter's name between spaces only.
        query = "RowKey eq @head and ( oldest lt @before or not ( oldest ge @any ) )"
        parameters = {"head": HEAD, "before": moment_key(before), "any": ""}
        with storage_errors("read which chains are old"):
            async for row in self._table.query_entities(query, parameters=parameters):
                found = legible(row, _begun, "the head of a chain")
                if found and found[1]:
                    yield found[0]

    async def unfinished(self) -> AsyncIterator[tuple[str, Entity]]:
        query = "RowKey eq @head and ( open gt @none or waiting gt 0L )"
        with storage_errors("read which chains have something left to do"):
            async for row in self._table.query_entities(query, parameters={"head": HEAD, "none": ""}, select=_SEEN):
                if chain := legible(row, chain_of, "the head of a chain"):
                    yield chain

    async def shorten(self, head: Head, cut: Cut) -> Head:
        first = head.archived
        for done, rows in _steps(cut.entries):
            change = shortened(cut, first + done, done)
            condition = {"etag": head.version, "match_condition": MatchConditions.IfNotModified}
            operations: list[Any] = [("update", change, {"mode": UpdateMode.MERGE, **condition})]
            with storage_errors(f"shorten {cut.service} on {cut.entity}"):
                written = await self._table.submit_transaction([*operations, *(("delete", row) for row in rows)])
            head = replace(head, version=written[0]["etag"], archived=first + done, piece=cut.piece or None)
        return head


def _begun(row: TableEntity) -> tuple[tuple[str, Entity], int]:
    """Whose head it is, and how many decisions it has seen."""
    return chain_of(row), number(row, "length")


def _steps(entries: Sequence[Progress]) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """How many entries are gone after a step, and the rows that it deletes: whole decisions, as many as it takes.

    Without entries it is one step, which notes what is known of the chain.
    """
    rows: list[dict[str, Any]] = []
    for index, progress in enumerate(entries):
        own = rows_of(progress)
        if len(own) > _MOST_ROWS:
            raise Refused(f"decision {progress.entry.event_id} has {len(own) - 1} marks, at most {_MOST_ROWS - 1} fit")
        if len(rows) + len(own) > _MOST_ROWS:
            yield index, rows
            rows = []
        rows += own
    yield len(entries), rows
