"""Every store of seals keeps the first body of a minute, whoever writes the second."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.adapters.azure.storage.seals import BlobSeals
from shared.adapters.memory.seals import MemorySeals
from shared.ports.records.seals import KeptSeal, Seals
from tests.contract.conftest import Account

pytestmark = pytest.mark.azure_untested
MIDNIGHT = datetime(2026, 5, 5, tzinfo=UTC)


@pytest.fixture
async def seals(place: Account | None) -> Seals:
    return MemorySeals() if place is None else BlobSeals(place.storage.blobs, await place.container("evidence"))


async def test_there_is_no_last_seal_before_the_first(seals: Seals) -> None:
    assert await seals.last() is None
    assert [seal async for seal in seals.all()] == []


async def test_the_first_body_of_a_minute_stays(seals: Seals) -> None:
    assert await seals.keep(MIDNIGHT, b"first") == KeptSeal(MIDNIGHT, b"first")
    assert await seals.keep(MIDNIGHT, b"second") == KeptSeal(MIDNIGHT, b"first")
    assert await seals.last() == KeptSeal(MIDNIGHT, b"first")


async def test_seals_come_in_the_order_of_minutes_across_days(seals: Seals) -> None:
    minutes = [MIDNIGHT + timedelta(minutes=number) for number in (-1, 0, 1, 59, 60, 24 * 60, 40 * 24 * 60)]
    for minute in reversed(minutes):
        await seals.keep(minute, minute.isoformat().encode())
    assert [seal.minute async for seal in seals.all()] == minutes
    assert await seals.last() == KeptSeal(minutes[-1], minutes[-1].isoformat().encode())
