"""Ledgers for the contract: in memory or in tables, and short ways to write to them."""

from datetime import timedelta

import pytest

from shared.adapters.azure.storage.evidence import BlobEvidence
from shared.adapters.azure.storage.ledger import TableLedger
from shared.adapters.memory import MemoryLedger
from shared.ports import Lease, Ledger, Progress
from tests.contract.conftest import Account
from tests.contract.examples import ENTITY, LEASE, entry


@pytest.fixture
async def ledger(place: Account | None) -> Ledger:
    return MemoryLedger() if place is None else await table_ledger(place)


async def table_ledger(account: Account) -> TableLedger:
    evidence = BlobEvidence(account.storage.blobs, await account.container("evidence"))
    tables = await account.table("ledger"), await account.table("pending")
    return TableLedger(account.storage.tables, evidence, *tables)


async def append(ledger: Ledger, event_id: str, position: int) -> None:
    head = await ledger.head("staging", ENTITY)
    await ledger.record(entry(event_id, position), head, LEASE)


# A store says its time in whole seconds: a lease that runs out this second may seem to have a part of it left.
RUN_OUT = Lease("instance-1", timedelta(seconds=-1))


async def progress_of(ledger: Ledger, event_id: str = "event-1") -> Progress:
    found = await ledger.find("staging", ENTITY, event_id)
    assert found
    return found


def lease(owner: str, seconds: float = 30) -> Lease:
    return Lease(owner, timedelta(seconds=seconds))
