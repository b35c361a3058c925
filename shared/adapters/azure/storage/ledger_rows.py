"""How ledger entries and waiting events lie in table rows.

One partition is one chain. Rows: `head`; `d:<event>` a decision; `m:<event>:<index>` what became of an effect;
`w:<queue order>:<event>` a waiting event, `q:<event>` its place in the queue. JSON columns go through `Bodies`.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from azure.data.tables import TableEntity
from azure.data.tables.aio import TableClient

from shared.adapters.azure.storage.account import ServerTime, storage_errors
from shared.adapters.azure.storage.bodies import Bodies
from shared.adapters.azure.storage.keys import chain_key, escaped, int64, moment_key, number, unescaped
from shared.adapters.azure.storage.legible import ILLEGIBLE, say
from shared.events import Entity
from shared.events.fields import in_utc
from shared.ports import Cut, Entry, Head, Lease, Mark, Progress, Refused, Waiting

HEAD = "head"
# Sorts behind every moment.
_NONE_LEFT = "~"


def decision_key(event_id: str) -> str:
    return f"d:{escaped(event_id)}"


def mark_prefix(event_id: str) -> str:
    return f"m:{escaped(event_id)}:"


async def rows_between(
    table: TableClient, partition: str, first: str, after: str, told: ServerTime | None = None, page: int | None = None
) -> AsyncIterator[TableEntity]:
    """Rows of one partition in key order, `after` excluded; `page` is how many are asked for at once."""
    query = "PartitionKey eq @partition and RowKey ge @first and RowKey lt @after"
    parameters = {"partition": partition, "first": first, "after": after}
    with storage_errors(f"read rows {first}*"):
        rows = table.query_entities(query, parameters=parameters, results_per_page=page, raw_response_hook=told)
        async for row in rows:
            yield row


def of_chain(service: str, entity: Entity) -> dict[str, Any]:
    """Columns that say whose row this is; the partition key alone may be shortened."""
    return {"PartitionKey": chain_key(service, entity), "service": service, "entity": str(entity)}


def chain_of(row: Mapping[str, Any]) -> tuple[str, Entity]:
    """Whose row it is, as `of_chain` wrote it."""
    return str(row["service"]), Entity.parse(row["entity"])


def shortened(cut: Cut, archived: int, done: int) -> dict[str, Any]:
    """The head of which `archived` entries are gone, `done` of this cut, to be merged over the present one."""
    left = cut.entries[done].entry.decided_at if done < len(cut.entries) else cut.left
    oldest = moment_key(left) if left else _NONE_LEFT
    columns = {"archived": int64(archived), "piece": cut.piece, "oldest": oldest}
    return {**of_chain(cut.service, cut.entity), "RowKey": HEAD, **columns}


def rows_of(progress: Progress) -> list[dict[str, Any]]:
    """The keys of a decision and of its marks."""
    key, event_id = {"PartitionKey": chain_key(progress.entry.service, progress.entry.entity)}, progress.entry.event_id
    marks = [f"{mark_prefix(event_id)}{index:04d}" for index in progress.marks]
    return [{**key, "RowKey": row} for row in (decision_key(event_id), *marks)]


def lease_columns(lease: Lease) -> dict[str, Any]:
    return {"lease_owner": lease.owner, "lease_s": lease.lasts.total_seconds()}


def lease_of(row: Mapping[str, Any]) -> Lease | None:
    return Lease(row["lease_owner"], timedelta(seconds=row["lease_s"])) if "lease_s" in row else None


def lease_left(row: TableEntity, now: datetime) -> timedelta:
    """`now` by the store's clock, as `Timestamp` is: every change of the row wrote or renewed the lease."""
    lease, written = lease_of(row), row.metadata["timestamp"]
    return max(written + lease.lasts - now, timedelta()) if lease and written else timedelta()


def mark_row(entry: Entry, index: int, mark: Mark) -> dict[str, Any]:
    return {
        "PartitionKey": chain_key(entry.service, entry.entity),
        "RowKey": f"{mark_prefix(entry.event_id)}{index:04d}",
        "outcome": mark.outcome,
        "reason": mark.reason,
    }


def indexed_mark(row: Mapping[str, Any]) -> tuple[int, Mark]:
    return int(row["RowKey"].rpartition(":")[2]), Mark(row["outcome"], row["reason"])


def event_id_of(row: TableEntity) -> str:
    """Of an event that waits; its key ends in it."""
    return str(row.get("event_id") or unescaped(str(row["RowKey"]).split(":", 2)[2]))


def due_of(row: TableEntity) -> datetime:
    """When an event that waits is tried next: at once where its row does not say so."""
    return _column(row, "due", _moment, _written(row))


def _column[T](row: TableEntity, name: str, read: Callable[[Any], T], otherwise: T) -> T:
    try:
        return read(row[name])
    except ILLEGIBLE:
        return otherwise


def _moment(text: str) -> datetime:
    return in_utc(datetime.fromisoformat(text))


def _written(row: TableEntity) -> datetime:
    return row.metadata["timestamp"] or datetime.now(UTC)


class LedgerRows:
    """Writes and reads the rows' JSON columns, large ones in evidence."""

    def __init__(self, bodies: Bodies) -> None:
        self._bodies = bodies

    async def decision(self, entry: Entry, lease: Lease | None) -> dict[str, Any]:
        """The row of a new decision; lease and settled are no part of the record."""
        return {
            **of_chain(entry.service, entry.entity),
            "RowKey": decision_key(entry.event_id),
            "event_id": entry.event_id,
            "position": int64(entry.position),
            "decided_at": entry.decided_at.isoformat(),
            "policy": entry.policy,
            "previous": entry.previous,
            "hash": entry.hash,
            "settled": lease is None,
            **(lease_columns(lease) if lease else {}),
            **await self._bodies.pack(
                event=entry.event, facts=entry.facts, state=entry.state, effects=list(entry.effects)
            ),
        }

    def head(self, decision: Mapping[str, Any], entry: Entry, head: Head, lease: Lease | None) -> dict[str, Any]:
        """The head after `entry`, whose row is `decision`, to be merged over the present one.

        The queue's columns stay as they are.
        """
        first = {"oldest": moment_key(entry.decided_at)} if head.length == head.archived else {}
        return {
            **first,
            **{name: decision[name] for name in ("PartitionKey", "service", "entity", "state")},
            "RowKey": HEAD,
            "hash": entry.hash,
            "length": int64(head.length + 1),
            "last": entry.event_id,
            "open": entry.event_id if lease else "",
        }

    async def read_head(self, row: TableEntity) -> Head:
        last = row.get("last")
        return Head(
            state=await self._bodies.unpack(row["state"]) if "state" in row else None,
            hash=row.get("hash", ""),
            length=number(row, "length"),
            version=row.metadata["etag"],
            waiting=number(row, "waiting"),
            last=last,
            # A head of an earlier build does not say whether its last decision is settled: it is looked at once.
            open=row.get("open", last) or None,
            archived=number(row, "archived"),
            piece=row.get("piece") or None,
        )

    async def progress(self, row: TableEntity, marks: Mapping[int, Mark], now: datetime) -> Progress:
        event, facts, state, effects = await asyncio.gather(
            *(self._bodies.unpack(row[name]) for name in ("event", "facts", "state", "effects"))
        )
        entry = Entry(
            service=row["service"],
            entity=Entity.parse(row["entity"]),
            event_id=row["event_id"],
            position=number(row, "position"),
            decided_at=datetime.fromisoformat(row["decided_at"]),
            event=event,
            facts=facts,
            policy=row["policy"],
            state=state,
            effects=effects,
            previous=row["previous"],
            hash=row["hash"],
        )
        version, left = str(row.metadata["etag"]), lease_left(row, now)
        return Progress(entry, marks, bool(row["settled"]), lease_of(row), version, left)

    async def waiting(self, waiting: Waiting) -> dict[str, Any]:
        """All columns but the row key, which says the place in the queue."""
        return {
            **of_chain(waiting.service, waiting.entity),
            "event_id": waiting.event_id,
            "since": waiting.since.isoformat(),
            "due": waiting.due.isoformat(),
            "attempts": waiting.attempts,
            "reason": waiting.reason,
            **await self._bodies.pack(event=waiting.event),
        }

    async def read_waiting(self, service: str, entity: Entity, row: TableEntity) -> Waiting:
        """Whatever of it can be read: one that cannot be understood must not hold its chain for ever."""
        waiting = Waiting(
            service=service,
            entity=entity,
            event_id=event_id_of(row),
            event={},
            since=_column(row, "since", _moment, _written(row)),
            due=due_of(row),
            attempts=_column(row, "attempts", int, 0),
            reason=_column(row, "reason", str, ""),
        )
        try:
            event = await self._bodies.unpack(row["event"])
            return replace(waiting, event={**event})
        except Refused:
            return waiting
        except ILLEGIBLE as error:
            say(row, "an event that waits", error)
            return waiting
