"""What only the table ledger can show: which rows lie where, and what a crash between two writes leaves."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from azure.data.tables import UpdateMode

from shared.adapters.azure.storage.keys import chain_key
from shared.ports import Cut, Lease, Mark, Moved, Refused
from tests.contract.conftest import Account
from tests.contract.examples import ENTITY, LEASE, NOON, entry, minutes, waiting
from tests.contract.ledgers import table_ledger
from tests.support.eventually import aeventually
from tests.support.storage_calls import counted_calls

pytestmark = pytest.mark.azure_untested


async def test_large_bodies_lie_in_evidence_and_small_ones_in_the_row(account: Account) -> None:
    ledger = await table_ledger(account)
    head = await ledger.head("staging", ENTITY)
    await ledger.record(entry(event={"text": "x" * 40_000}, facts={"text": "x" * 30_000}), head, LEASE)
    table = account.storage.tables.get_table_client(account.tables[0])
    row = await table.get_entity(chain_key("staging", ENTITY), "d:event-1")
    assert row["event"].startswith(b'{"evidence":')
    assert row["facts"].startswith(b'{"inline":')
    blobs = account.storage.blobs.get_container_client(account.containers[0]).list_blob_names()
    assert len([name async for name in blobs]) == 1


async def test_a_hint_at_a_chain_in_which_nothing_waits_is_cleaned_up(account: Account) -> None:
    ledger = await table_ledger(account)
    pending = account.storage.tables.get_table_client(account.tables[1])
    await ledger.wait(waiting("event-1", due=minutes(1)))
    await ledger.stop_waiting(waiting("event-1"))
    assert await ledger.due(minutes(2)) == []
    assert [each async for each in pending.list_entities()] == []


async def test_only_the_front_of_a_chain_has_a_hint(account: Account) -> None:
    ledger = await table_ledger(account)
    for number in range(5):
        await ledger.wait(waiting(f"event-{number}", due=minutes(1 + number)))
    pending = account.storage.tables.get_table_client(account.tables[1])
    assert len([row async for row in pending.list_entities()]) == 1


async def test_a_chain_whose_hint_is_too_early_gets_one_at_its_time(account: Account) -> None:
    ledger = await table_ledger(account)
    await ledger.wait(waiting("event-1", due=minutes(1)))
    await ledger.wait(waiting("event-1", due=minutes(9), attempts=2))
    assert await ledger.due(minutes(8)) == []
    pending = account.storage.tables.get_table_client(account.tables[1])
    assert len([row async for row in pending.list_entities()]) == 1
    assert await ledger.due(minutes(9)) == [("staging", ENTITY)]


async def test_a_queue_costs_the_same_whatever_waits_in_it(account: Account) -> None:
    """Adding, looking, finding what is due and taking out, behind 3 and behind 60 events."""
    ledger, costs = await table_ledger(account), []
    waits = [waiting(f"event-{number:02d}") for number in range(61)]
    for length in (3, 60):
        for each in waits[:length]:
            await ledger.wait(each)
        with counted_calls() as calls:
            await ledger.wait(waits[length])
            await ledger.first_waiting("staging", ENTITY)
            await ledger.due(minutes(1))
            await ledger.stop_waiting(waits[0])
        costs.append(len(calls))
        for each in waits[1 : length + 1]:
            await ledger.stop_waiting(each)
    assert costs[0] == costs[1] <= 16


@pytest.mark.parametrize("ahead", [timedelta(days=-1), timedelta(), timedelta(days=1)])
async def test_no_clock_but_the_stores_rules_a_lease(account: Account, ahead: timedelta) -> None:
    """One second of lease, and an instance whose clock is a day wrong: it takes it then, neither before nor never."""
    ledger, now = await table_ledger(account), datetime.now(UTC)
    short = Lease("instance-1", timedelta(seconds=1))
    entry_of_ahead = entry("event-1", 1, decided_at=now + ahead)
    await ledger.record(entry_of_ahead, await ledger.head("staging", ENTITY), short)
    progress = await ledger.find("staging", ENTITY, "event-1")
    assert progress
    assert progress.left
    assert await ledger.lease(progress, Lease("instance-2", timedelta(seconds=30))) is None

    async def taken() -> bool:
        found = await ledger.find("staging", ENTITY, "event-1")
        return bool(found and await ledger.lease(found, Lease("instance-2", timedelta(seconds=30))))

    await aeventually(taken)


async def test_a_head_of_an_earlier_build_says_how_old_its_chain_is_once_it_was_looked_at(account: Account) -> None:
    ledger = await table_ledger(account)
    await ledger.record(entry("event-1", 1), await ledger.head("staging", ENTITY), None)
    table = account.storage.tables.get_table_client(account.tables[0])
    row = await table.get_entity(chain_key("staging", ENTITY), "head")
    del row["oldest"]
    await table.update_entity(row, UpdateMode.REPLACE)
    assert [entity async for _, entity in ledger.aged(NOON)] == [ENTITY]
    await ledger.shorten(await ledger.head("staging", ENTITY), Cut("staging", ENTITY, (), "", NOON))
    assert [entity async for _, entity in ledger.aged(NOON)] == []
    assert [entity async for _, entity in ledger.aged(minutes(1))] == [ENTITY]


async def test_a_decision_with_more_marks_than_a_transaction_takes_is_refused_and_stays(account: Account) -> None:
    ledger = await table_ledger(account)
    recorded = await ledger.record(entry("event-1", 1), await ledger.head("staging", ENTITY), None)
    marked = replace(recorded, marks={index: Mark("performed") for index in range(99)})
    with pytest.raises(Refused, match="99 marks, at most 98 fit"):
        await ledger.shorten(await ledger.head("staging", ENTITY), Cut("staging", ENTITY, [marked], "piece", None))
    assert await ledger.find("staging", ENTITY, "event-1")


async def test_a_head_that_is_gone_is_moved(account: Account) -> None:
    """A table that was restored from before: what was known of the chain is over, and it begins again."""
    ledger = await table_ledger(account)
    recorded = await ledger.record(entry("event-1", 1), await ledger.head("staging", ENTITY), None)
    table = account.storage.tables.get_table_client(account.tables[0])
    await table.delete_entity(chain_key("staging", ENTITY), "head")
    assert recorded.head
    with pytest.raises(Moved):
        await ledger.record(entry("event-2", 2), recorded.head, None)


async def test_settling_over_a_known_end_is_one_call(account: Account) -> None:
    ledger = await table_ledger(account)
    recorded = await ledger.record(entry("event-1", 1), await ledger.head("staging", ENTITY), LEASE)
    with counted_calls() as calls:
        await ledger.settle(recorded, {0: Mark("performed")}, "link-1")
    assert len(calls) == 1
