"""Every store of seals keeps what it was given under a free number of its minute, and knows its own time."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from shared.adapters.azure.storage.seals import BlobSeals
from shared.adapters.clock import SystemClock
from shared.adapters.memory.seals import MemorySeals
from shared.ports import Absent
from shared.ports.records.seals import KeptSeal, Seals
from tests.contract.conftest import Account

pytestmark = pytest.mark.azure_untested
MIDNIGHT = datetime(2026, 5, 5, tzinfo=UTC)


@pytest.fixture
async def seals(place: Account | None) -> Seals:
    if place is None:
        return MemorySeals(SystemClock())
    return BlobSeals(place.storage.blobs, await place.container("seals"))


async def test_there_is_no_last_seal_before_the_first(seals: Seals) -> None:
    latest = await seals.latest()
    assert (latest.seal, list(latest.future)) == (None, [])
    assert abs(latest.now - datetime.now(UTC)) < timedelta(minutes=1)
    assert [seal async for seal in seals.all()] == []


async def test_what_is_there_stays_and_another_body_gets_a_number(seals: Seals) -> None:
    assert await seals.keep(MIDNIGHT, b"first") == KeptSeal(MIDNIGHT, b"first")
    assert await seals.keep(MIDNIGHT, b"second") == KeptSeal(MIDNIGHT, b"second", 1)
    assert await seals.keep(MIDNIGHT, b"first") == KeptSeal(MIDNIGHT, b"first")
    assert (await seals.latest()).seal == KeptSeal(MIDNIGHT, b"second", 1)


async def test_seals_come_in_the_order_of_minutes_across_days(seals: Seals) -> None:
    minutes = [MIDNIGHT + timedelta(minutes=number) for number in (-1, 0, 1, 59, 60, 24 * 60, 40 * 24 * 60)]
    for minute in reversed(minutes):
        await seals.keep(minute, minute.isoformat().encode())
    assert [seal.minute async for seal in seals.all()] == minutes
    assert [seal.minute async for seal in seals.all(minutes[3])] == minutes[3:]
    assert (await seals.latest()).seal == KeptSeal(minutes[-1], minutes[-1].isoformat().encode())


async def test_a_seal_of_a_time_to_come_is_not_the_last(seals: Seals) -> None:
    now = (await seals.latest()).now.replace(second=0, microsecond=0)
    await seals.keep(now, b"ours")
    for ahead in (timedelta(minutes=5), timedelta(days=300)):
        await seals.keep(now + ahead, b"forged")
    latest = await seals.latest()
    assert latest.seal == KeptSeal(now, b"ours")
    assert len(latest.future) == 2


async def test_a_list_is_kept_under_its_digest(seals: Seals) -> None:
    digest = await seals.keep_list(b"all chains")
    assert digest == sha256(b"all chains").hexdigest() == await seals.keep_list(b"all chains")
    assert await seals.read_list(digest) == b"all chains"
    with pytest.raises(Absent):
        await seals.read_list("0" * 64)
