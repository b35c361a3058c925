"""Two approvals of one endpoint, and the app is killed while it acts on the first: the second overtakes it."""

from itertools import count

import pytest

from shared.events import ApprovalGranted, PromotionCompleted
from tests.story.running import Play
from tests.support.world import Delivery


async def settle_all_but_promotion(play: Play) -> None:
    while others := [each for each in play.world.hubs.waiting if each.reader != "promotion"]:
        await play.run(others[0])


async def grant(play: Play, version: str) -> Delivery:
    """Bring a version to its approval, of which promotion has not heard yet."""
    play.azure.register(version)
    await settle_all_but_promotion(play)
    for job in play.azure.running():
        play.azure.end(job)
    await settle_all_but_promotion(play)
    await play.people.decide(play.people.links()[-1])
    await settle_all_but_promotion(play)
    return next(each for each in reversed(play.world.hubs.waiting) if each.kind == ApprovalGranted.type)


@pytest.mark.parametrize("dies_twice", [False, True])
async def test_what_serves_after_a_race_is_what_was_announced(dies_twice: bool) -> None:
    kills = 0
    for steps in count():
        play = Play()
        first, second = await grant(play, "1"), await grant(play, "2")
        assert {first.reader, second.reader} == {"promotion"}
        play.world.faults.crash_in = steps
        if await play.world.deliver(first):
            break
        kills += 1
        if dies_twice:
            play.world.faults.crash_in = steps
        await play.world.deliver(second)
        play.world.faults.crash_in = None
        await play.run_out()
        await play.invariants.at_rest()
        announced = play.world.hubs.events(PromotionCompleted)
        assert announced[-1].package == (await play.world.manifest()).current
    assert kills > 10
