"""Nothing lost, nothing twice: the real control process dies between every two steps of the reactor's protocol.

Meanwhile answers are lost, events left out and swapped, hubs killed, storage restarted, deliveries doubled.
"""

import os
from contextlib import aclosing

import pytest

from tests.faults.campaign import Campaign
from tests.faults.conftest import StartSystem
from tests.faults.outages import Outages
from tests.faults.plans import OF_A_DECISION, boundaries, outages_of, plan_of
from tests.faults.under_way import CANARY, ROLLBACK
from tests.support.figures import Figure

pytestmark = [pytest.mark.faults, pytest.mark.local_only]


async def prove(start_system: StartSystem, figure: Figure, faults: int, seed: int, timeout_s: float) -> None:
    """Carry the plan out, tell the figures, and count at the receivers."""
    figure(f"FAULTS_SEED={seed} FAULTS_COUNT={faults}")
    kills, outages = plan_of(faults, seed)
    system = start_system(len(kills) // 3 + 30)
    campaign = Campaign(system, kills, Outages(system, outages))
    async with aclosing(campaign):
        await campaign.run(timeout_s)
        tallies, problems = await campaign.tallies(), await campaign.problems()
    for line in (*campaign.figures().splitlines(), *tallies):
        figure(str(line))
    assert len(system.plan.done()) == len(kills)
    assert campaign.faults >= faults
    fell_within = system.plan.fell_within()
    assert fell_within[CANARY] >= len(OF_A_DECISION)
    assert fell_within[ROLLBACK] >= len(OF_A_DECISION)
    assert [tally.lost for tally in tallies if tally.lost] == []
    assert [tally.doubled for tally in tallies if tally.doubled] == []
    assert problems == []


@pytest.mark.timeout(1500)
async def test_control_killed_between_every_two_steps_loses_and_doubles_nothing(
    start_system: StartSystem, figure: Figure, seed: int
) -> None:
    every_boundary = len(boundaries(1))
    faults = every_boundary + len(outages_of(every_boundary, seed))
    assert set(plan_of(faults, seed)[0]) == set(boundaries(1))
    await prove(start_system, figure, faults, seed, timeout_s=1200)


# Half an hour on a quiet machine; what hangs is over time, not what is slow.
@pytest.mark.timeout(15_000)
async def test_hundreds_of_faults_lose_and_double_nothing(
    only_when_asked: None, start_system: StartSystem, figure: Figure, seed: int
) -> None:
    await prove(start_system, figure, int(os.environ.get("FAULTS_COUNT", "500")), seed, timeout_s=14_400)
