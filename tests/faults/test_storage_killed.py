"""Storage is killed: as long as it keeps what it acknowledged, nothing is lost or doubled.

Azure Storage does keep it; Azurite does when it saves before it acknowledges, which our launcher can make it do.
"""

import asyncio
import random
from contextlib import aclosing

import pytest

from tests.faults.conftest import StartSystem
from tests.faults.stories import Stories
from tests.support.figures import Figure

pytestmark = [pytest.mark.faults, pytest.mark.local_only, pytest.mark.timeout(900)]

KILLS = 6


async def test_storage_killed_at_any_moment_loses_and_doubles_nothing(
    only_when_asked: None, start_system: StartSystem, figure: Figure, seed: int
) -> None:
    figure(f"FAULTS_SEED={seed}")
    system = start_system(4, saves_first=True)
    facts = sorted(random.Random(f"{seed}/storage").sample(range(2, 36), KILLS))
    async with aclosing(Stories(system)) as stories:
        await stories.world.prepare()
        with system.control():
            await stories.launch(2)
            for count in facts:

                async def so_many(count: int = count) -> bool:
                    return stories.log.facts().total() >= count

                await stories.until(so_many)
                await asyncio.to_thread(system.azurite.kill)
                await asyncio.to_thread(system.azurite.start)
            await stories.run_out()
        await stories.nothing_lost_or_doubled()
