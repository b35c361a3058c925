"""Rows that nobody of us writes: each harms itself alone, is said once, and what it stands for is not lost."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from azure.data.tables import UpdateMode

from shared.adapters.azure.storage.approvals import TableApprovals
from shared.adapters.azure.storage.brakes import TableBrakes
from shared.adapters.azure.storage.deadlines import TableDeadlines
from shared.adapters.azure.storage.folds import TableFolds
from shared.adapters.azure.storage.grown import TableGrown
from shared.adapters.azure.storage.positions import TablePositions
from shared.events import Entity
from shared.ports import Brake, Deadline, End, Position, Refused
from shared.ports.records.positions import Place
from tests.contract.conftest import Account
from tests.contract.examples import ENTITY, NOON, WORKSPACE, entry, minutes, waiting
from tests.contract.ledgers import append, table_ledger
from tests.support.builders import digest

pytestmark = pytest.mark.azure_untested
OTHER = Entity.of(WORKSPACE, "model", "other:1")


async def put(account: Account, table: str, key: tuple[str, str], /, **columns: Any) -> None:
    row = {"PartitionKey": key[0], "RowKey": key[1], **columns}
    await account.storage.tables.get_table_client(table).upsert_entity(row, UpdateMode.REPLACE)


async def spoil(account: Account, table: str, is_it: Callable[[Mapping[str, Any]], bool], **columns: Any) -> None:
    """Exchange columns of the rows that are meant; None takes one away."""
    client = account.storage.tables.get_table_client(table)
    for row in [dict(row) async for row in client.list_entities() if is_it(row)]:
        changed = {name: value for name, value in {**row, **columns}.items() if value is not None}
        await client.upsert_entity(changed, UpdateMode.REPLACE)


HINTS = [{"service": "staging"}, {"entity": str(OTHER)}, {"service": "staging", "entity": "no entity"}, {"entity": 7}]


@pytest.mark.parametrize("columns", HINTS, ids=["no entity", "no service", "not an entity", "a number"])
async def test_a_hint_that_cannot_be_read_stops_no_sweep_and_is_said_once(
    account: Account, columns: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    ledger = await table_ledger(account)
    for bucket in ("bucket-0", "bucket-1"):
        for number in range(3):
            await put(account, account.tables[1], (bucket, f"{number:019d}:spoilt"), **columns)
    await ledger.wait(waiting("event-1", due=minutes(1)))
    for _ in range(2):
        assert await ledger.due(minutes(2), limit=2) == [("staging", ENTITY)]
        assert [each.event_id for each in await ledger.pending()] == ["event-1"]
    said = [record for record in caplog.records if "a hint at what waits cannot be read" in record.getMessage()]
    assert len(said) == 6


@pytest.mark.parametrize(
    ("columns", "event"),
    [
        ({"since": "yesterday", "due": None, "attempts": "often", "reason": None, "entity": "?"}, "kept"),
        ({"event_id": None}, "kept"),
        ({"event": b"\xff"}, "gone"),
        ({"event": None}, "gone"),
        ({"event": 5}, "gone"),
        ({"event": b'{"inline":[1]}'}, "gone"),
    ],
    ids=["all but the event", "its id", "not JSON", "no event", "a number", "no object"],
)
async def test_a_waiting_row_that_was_spoilt_is_still_at_the_front_and_can_be_buried(
    account: Account, columns: dict[str, Any], event: str
) -> None:
    ledger = await table_ledger(account)
    for name in ("event-1", "event-2"):
        await ledger.wait(waiting(name, due=minutes(1)))
    await spoil(account, account.tables[0], lambda row: row["RowKey"].endswith("event-1") and "due" in row, **columns)
    front = await ledger.first_waiting("staging", ENTITY)
    assert front
    assert (front.service, front.entity, front.event_id, bool(front.event)) == (
        "staging", ENTITY, "event-1", event == "kept",
    )  # fmt: skip
    await ledger.stop_waiting(front)
    assert (await ledger.first_waiting("staging", ENTITY)) == waiting("event-2", due=minutes(1))
    assert (await ledger.head("staging", ENTITY)).waiting == 1


@pytest.mark.parametrize(
    "columns", [{"entity": None}, {"state": b"\xff"}, {"length": "many"}], ids=["no entity", "no state", "no number"]
)
async def test_all_other_chains_are_listed_before_a_head_that_cannot_be_read_is_said(
    account: Account, columns: dict[str, Any]
) -> None:
    ledger = await table_ledger(account)
    await append(ledger, "event-1", 1)
    await spoil(account, account.tables[0], lambda row: row["RowKey"] == "head", **columns)
    await ledger.record(entry("event-2", entity=OTHER), await ledger.head("staging", OTHER), None)
    found: list[Entity] = []

    async def read() -> None:
        async for _, entity, _ in ledger.chains():
            found.append(entity)

    with pytest.raises(Refused, match="cannot be read"):
        await read()
    assert found == [OTHER]
    assert OTHER in [entity async for _, entity in ledger.aged(minutes(600_000))]
    assert OTHER not in [entity async for _, entity in ledger.unfinished()]


async def test_a_brake_holds_whatever_else_of_its_row_was_spoilt(account: Account) -> None:
    brakes = TableBrakes(account.storage.tables, await account.table("brakes"))
    for scope in (str(ENTITY), "all"):
        await brakes.set(Brake(scope, True, "petra@example.com", "latency", NOON))
    await spoil(account, account.tables[0], lambda row: row["scope"] != "all", scope=None, since="today", reason=None)
    found = {brake.scope: brake.reason for brake in await brakes.engaged()}
    assert found == {"all": "latency", str(ENTITY): "its row cannot be read"}
    await brakes.set(Brake(str(ENTITY), False, "petra@example.com", "mended", minutes(600_000)))
    assert [brake.scope for brake in await brakes.engaged()] == ["all"]


async def test_a_position_that_cannot_be_read_hides_no_other(account: Account) -> None:
    positions = TablePositions(account.storage.tables, await account.table("positions"))
    place = Place("lifecycle", "events", 1)
    at = await positions.move(place, None, Position("epoch", 7))
    await put(account, account.tables[0], ("lifecycle|events", "0000"), reader="lifecycle", hub="events")
    await put(account, account.tables[0], ("z|events", "0000"), reader="z", hub="events", partition="first")
    assert [each async for each in positions.all()] == [(place, at)]


async def test_an_end_that_cannot_be_read_keeps_no_other_from_being_sealed(account: Account) -> None:
    grown = TableGrown(account.storage.tables, await account.table("grown"))
    end = End("staging", ENTITY, 3, True, "hash-3")
    await grown.note([end])
    await put(account, account.tables[0], ("grown", "0"), service="staging")
    assert await grown.read() == [end]


async def test_a_reminder_that_cannot_be_read_is_said_once_and_the_others_ring(
    account: Account, caplog: pytest.LogCaptureFixture
) -> None:
    deadlines = TableDeadlines(account.storage.tables, await account.table("deadlines"))
    deadline = Deadline("staging", ENTITY, "look", NOON, "event-1", "event-1")
    await deadlines.set(deadline)
    for bucket in ("bucket-0", "bucket-1"):
        await put(account, account.tables[0], (bucket, f"t:{0:019d}:0"), service="staging", entity="?", key="look")
    for _ in range(3):
        assert await deadlines.due(minutes(1), limit=1) == [deadline]
    assert len([record for record in caplog.records if "a reminder cannot be read" in record.getMessage()]) == 2


async def test_who_asked_is_known_though_the_column_that_says_so_is_gone(account: Account) -> None:
    approvals = TableApprovals(account.storage.tables, await account.table("approvals"))
    await approvals.note_requesters(digest(), ["lea@example.com", "dana@example.com"])
    await spoil(account, account.tables[0], lambda row: row["requester"].startswith("lea"), requester=None)
    assert await approvals.requesters(digest()) == ("dana@example.com", "lea@example.com")


async def test_a_partition_of_a_fold_that_is_none_hides_no_other(account: Account) -> None:
    folds = TableFolds(account.storage.tables, await account.table("folds"))
    place = Place("monitoring", "predictions", 3)
    await folds.write(place, Position("epoch", 1), {"flights": b"state"})
    await put(account, account.tables[0], ("monitoring|predictions", "second"))
    assert await folds.of("monitoring", "predictions", "flights") == {3: b"state"}
