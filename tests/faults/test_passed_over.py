"""What the host has passed over is caught up with: after an outage, a death, a call that hung, and by two at once."""

import asyncio
import json
import time
from contextlib import ExitStack
from dataclasses import asdict

import pytest

from shared.ports import Hub
from tests.faults.conftest import StartSystem
from tests.faults.crashing import Poison
from tests.faults.crowd import BODIES, READERS, Crowd
from tests.faults.system import System
from tests.faults.test_bad_bodies import QUICK, TWO_MINUTES_S, caught_up, crowd_of
from tests.faults.test_hosts import host
from tests.support.eventually import aeventually
from tests.support.figures import Figure

pytestmark = [pytest.mark.faults, pytest.mark.local_only, pytest.mark.timeout(1200)]
OUTAGE_S, LEAST_RATE = 180.0, 0.5
# What a laptop handles by the thousand: a command is a decision, and a notice.
COUNTED: tuple[Hub, ...] = ("inbound", "labels")
HANGING = {
    "intake": Poison("event_publisher.publish", "JobEnded(", "hangs"),
    "a lane": Poison("ledger.record", "mlops.redrive.requested", "will not end"),
    "a fold": Poison("folds.write", "hub='labels'", "hangs"),
}
HELD: dict[str, Hub] = {"intake": "inbound", "a lane": "decisions", "a fold": "labels"}


async def test_two_instances_whose_timers_read_back_what_their_triggers_get_lose_and_double_nothing(
    only_when_asked: None, start_system: StartSystem
) -> None:
    """Nothing has to stand for any time: each look reads back whatever was not seen to yet."""
    system = start_system(1, partitions=2)
    async with crowd_of(system) as crowd:
        with ExitStack() as hosts:
            for name in ("one", "two"):
                hosts.enter_context(host(system, name, STOOD_S="0", RETRY_PAUSE_S="0"))
            for body in BODIES.values():
                await asyncio.gather(*(crowd.send(hub, part, 3, 3, body) for hub in READERS for part in (0, 1)))
            await aeventually(lambda: caught_up(crowd), timeout_s=600, every_s=0.5)
        await crowd.assert_nothing_lost_or_doubled()


@pytest.mark.parametrize("whose", HANGING)
async def test_a_call_that_hangs_past_every_deadline_ends_no_process_and_loses_nothing(
    only_when_asked: None, start_system: StartSystem, whose: str
) -> None:
    """Beside it the other functions of the same process go on."""
    system = start_system(1)
    poison = HANGING[whose]
    async with crowd_of(system) as crowd:
        poisons = json.dumps([asdict(poison)])
        with host(system, "one", SLUICE_TEST_POISONS=poisons, DEADLINE_S="5", **QUICK) as process:
            await crowd.send_good(3)
            await aeventually(lambda: crowd.all_but(HELD[whose]), every_s=0.5)
            await aeventually(lambda: asyncio.to_thread(is_over, system), every_s=0.5)
            assert process.poll() is None
        with system.control(**QUICK):
            await aeventually(lambda: caught_up(crowd), every_s=0.5)
        await crowd.assert_nothing_lost_or_doubled()


def is_over(system: System) -> bool:
    """Whether the deadline has ended what hangs."""
    return "was not done within" in system.log.read_text()


async def test_what_lies_between_the_hosts_checkpoint_and_the_position_of_a_killed_process_is_read_back(
    only_when_asked: None, start_system: StartSystem
) -> None:
    system = start_system(1)
    async with crowd_of(system) as crowd:
        with host(system, "one", **QUICK):
            system.table_proxy.go_away()
            await crowd.send_good(100)
            await aeventually(lambda: asyncio.to_thread(passed, system, crowd), every_s=0.5)
            assert await crowd.behind() == 100 * sum(map(len, READERS.values()))
        system.table_proxy.come_back()
        with system.control(**QUICK):
            await aeventually(lambda: caught_up(crowd), every_s=0.5)
        await crowd.assert_nothing_lost_or_doubled()


def passed(system: System, crowd: Crowd) -> bool:
    """Whether the host's checkpoints have moved over everything."""
    found = system.checkpoints()
    return all(
        found.get((hub, reader, partition), -1) == len(sent) - 1
        for (hub, partition), sent in crowd.sent_at.items()
        for reader in READERS[hub]
    )


async def test_three_minutes_without_our_storage_lose_nothing_and_are_caught_up_within_two(
    only_when_asked: None, start_system: StartSystem, figure: Figure
) -> None:
    """The timer fires each minute, and all pauses are those of production."""
    system = start_system(1)
    async with crowd_of(system) as crowd:
        with system.control(TICK="0 * * * * *", LEASE_S="30"):
            normal = await rate(crowd, 1000)
            for proxy in (system.table_proxy, system.blob_proxy):
                proxy.go_away()
            await send_for(crowd, OUTAGE_S)
            left = await crowd.behind()
            for proxy in (system.table_proxy, system.blob_proxy):
                proxy.come_back()
            back = time.monotonic()
            await moving(crowd, left)
            first = time.monotonic()
            await aeventually(lambda: seen(crowd), timeout_s=400, every_s=0.2)
            ended = time.monotonic()
            await aeventually(lambda: caught_up(crowd), timeout_s=400, every_s=1)
            assert system.deaths() == []
        await crowd.assert_nothing_lost_or_doubled()
    share = left / (ended - first) / normal
    figure(f"{left} messages behind after {OUTAGE_S:.0f} s without storage: 0 lost")
    figure(f"caught up {ended - back:.0f} s after its return, at {share:.2f} of the normal rate of {normal:.0f}/s")
    assert ended - back <= TWO_MINUTES_S
    assert share >= LEAST_RATE


async def seen(crowd: Crowd) -> bool:
    """Whether all positions are at the end."""
    return await crowd.behind() == 0


async def send_for(crowd: Crowd, seconds: float, batches: int = 10) -> None:
    """So many batches of a hundred to each hub, at equal distances."""
    began, sent = time.monotonic(), 0

    async def is_over() -> bool:
        nonlocal sent
        gone = time.monotonic() - began
        if sent < batches and gone >= sent * seconds / batches:
            await crowd.send_good(100, COUNTED)
            sent += 1
        return gone >= seconds

    await aeventually(is_over, timeout_s=seconds + 60, every_s=0.5)


async def rate(crowd: Crowd, count: int) -> float:
    """Messages a second, from their sending to the last position."""
    began = time.monotonic()
    await crowd.send_good(count, COUNTED)
    await aeventually(lambda: seen(crowd), every_s=0.2)
    return count * len(COUNTED) / (time.monotonic() - began)


async def moving(crowd: Crowd, left: int) -> None:
    async def is_moving() -> bool:
        return 0 <= await crowd.behind() < left

    await aeventually(is_moving, every_s=0.2)
