"""What only the table ledger can show: which rows lie where, and what a crash between two writes leaves."""

import pytest

from shared.adapters.azure.storage.keys import chain_key
from tests.contract.conftest import Account
from tests.contract.examples import ENTITY, LEASE, entry, minutes, waiting
from tests.contract.test_ledger import table_ledger

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


async def test_an_index_row_whose_event_never_began_to_wait_is_cleaned_up(account: Account) -> None:
    ledger = await table_ledger(account)
    pending = account.storage.tables.get_table_client(account.tables[1])
    await ledger.wait(waiting("event-1", due=minutes(1)))
    row = await anext(aiter(pending.list_entities()))
    await ledger.stop_waiting(waiting("event-1"))
    await pending.create_entity(row)
    assert await ledger.due(minutes(2)) == []
    assert [each async for each in pending.list_entities()] == []


async def test_an_index_row_of_an_event_behind_the_front_stays(account: Account) -> None:
    ledger = await table_ledger(account)
    await ledger.wait(waiting("front", due=minutes(9)))
    await ledger.wait(waiting("behind", due=minutes(1)))
    await ledger.due(minutes(2))
    pending = account.storage.tables.get_table_client(account.tables[1])
    assert {row["event_id"] async for row in pending.list_entities()} == {"front", "behind"}
