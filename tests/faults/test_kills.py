"""Nothing lost, nothing twice: the real control process dies between every two steps of the reactor's protocol."""

import os
from collections.abc import Callable
from contextlib import aclosing

import pytest

from tests.faults.campaign import STEPS, Campaign, Outages, plan_of
from tests.faults.system import System

type StartSystem = Callable[[int], System]

pytestmark = [pytest.mark.faults, pytest.mark.local_only]


async def prove(system: System, kills: int, seed: int, outages: Outages, timeout_s: float) -> None:
    """Carry the plan out, print the figures, and count at the receivers."""
    print(f"\nFAULTS_SEED={seed} FAULTS_COUNT={kills}")
    campaign = Campaign(system, plan_of(kills, seed), outages)
    async with aclosing(campaign):
        await campaign.run(timeout_s)
        tallies, problems = await campaign.tallies(), await campaign.problems()
    print(campaign.figures(), *tallies, sep="\n")
    assert len(system.plan.done()) == kills
    assert [tally.lost for tally in tallies if tally.lost] == []
    assert [tally.doubled for tally in tallies if tally.doubled] == []
    assert problems == []


@pytest.mark.timeout(400)
async def test_control_killed_between_every_two_steps_loses_and_doubles_nothing(
    start_system: StartSystem, seed: int
) -> None:
    kills = 2 * len(STEPS)
    system = start_system(30)
    outages = Outages(system, hubs_killed_at=(kills // 4, 3 * kills // 4), storage_restarted_at=(kills // 2,))
    await prove(system, kills, seed, outages, timeout_s=300)


@pytest.mark.timeout(4000)
async def test_hundreds_of_kills_lose_and_double_nothing(
    start_system: StartSystem, seed: int, request: pytest.FixtureRequest
) -> None:
    """Runs when faults are asked for (`make test-faults`)."""
    if "faults" not in str(request.config.getoption("markexpr")):
        pytest.skip("long: runs with -m faults, that is `make test-faults`")
    kills = int(os.environ.get("FAULTS_COUNT", "500"))
    system = start_system(kills // 3 + 30)
    each = range(20, kills, 40)
    outages = Outages(system, hubs_killed_at=each, storage_restarted_at=range(60, kills, 80))
    await prove(system, kills, seed, outages, timeout_s=3600)
