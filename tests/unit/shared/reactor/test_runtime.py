"""What goes by the clock in a whole runtime."""

from shared.ports import Heartbeats
from tests.support.builders import NOW
from tests.support.world import World


async def test_a_tick_says_that_control_runs_and_which_build_it_is() -> None:
    world = World()
    heartbeats: Heartbeats = world.ports[Heartbeats]
    assert await heartbeats.last() is None
    await world.app.runtime.tick()
    last = await heartbeats.last()
    assert last is not None
    assert (last.at, last.build) == (NOW, "a build")
