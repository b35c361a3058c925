"""Bodies that no trigger delivers, to each hub that others may write to: letters, and nothing around them is harmed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.faults.conftest import StartSystem
from tests.faults.crowd import BODIES, PLACES, READERS, Crowd
from tests.faults.system import System
from tests.support.eventually import aeventually
from tests.support.figures import Figure

pytestmark = [pytest.mark.faults, pytest.mark.local_only]
TWO_MINUTES_S = 120.0
QUICK: dict[str, Any] = {"STOOD_S": "2", "RETRY_PAUSE_S": "0"}


@asynccontextmanager
async def crowd_of(system: System) -> AsyncIterator[Crowd]:
    try:
        yield Crowd(system)
    finally:
        await system.close_storage()


async def caught_up(crowd: Crowd) -> bool:
    return await crowd.behind() == 0 and await crowd.is_received()


@pytest.mark.timeout(300)
async def test_a_body_that_is_no_bytes_is_a_letter_alone_and_among_others(start_system: StartSystem) -> None:
    system = start_system(1, partitions=2)
    async with crowd_of(system) as crowd:
        with system.control(**QUICK):
            for hub in READERS:
                await crowd.send(hub, 0, *PLACES["alone"], BODIES["value"])
                await crowd.send(hub, 1, 5, 5, BODIES["sequence"])
            await aeventually(lambda: caught_up(crowd), every_s=0.5)
            assert system.deaths() == []
        await crowd.assert_nothing_lost_or_doubled()


@pytest.mark.parametrize("busy", [False, True], ids=["idle", "busy"])
# Minutes on a quiet machine; what hangs is over time, not what is slow.
@pytest.mark.timeout(4_000)
async def test_every_bad_body_at_every_place_of_every_hub_with_the_timer_of_production(
    only_when_asked: None, start_system: StartSystem, figure: Figure, busy: bool
) -> None:
    """Body after body, each place in a partition of its own; a busy one gets good messages one by one as well."""
    system = start_system(1, partitions=len(PLACES))
    async with crowd_of(system) as crowd:
        with system.control(TICK="0 * * * * *", LEASE_S="30"):
            for body in BODIES.values():
                for partition, place in enumerate(PLACES.values()):
                    await asyncio.gather(*(crowd.send(hub, partition, *place, body) for hub in READERS))
                for number in range(40 if busy else 0):
                    await asyncio.gather(*(crowd.send(hub, number % len(PLACES), 1, 0, None) for hub in READERS))
                    await crowd.behind()
                await aeventually(lambda: caught_up(crowd), timeout_s=900, every_s=1)
            assert system.deaths() == []
        await crowd.assert_nothing_lost_or_doubled()
    sent = sum(map(len, crowd.sent_at.values()))
    figure(
        f"{len(crowd.bad)} bad bodies among {sent} messages ({'busy' if busy else 'idle'}): 0 lost, 0 doubled, "
        f"none behind for more than {crowd.longest_s:.0f} s"
    )
    assert crowd.longest_s <= TWO_MINUTES_S
