"""The classical story, start to end in memory: as Azure tells it, without any job event, and with everything twice."""

import pytest

from shared.events import (
    ApprovalGranted,
    DriftConfirmed,
    JobEnded,
    ModelRegistered,
    PackageRef,
    PerformanceMeasured,
    PromotionCompleted,
    RetrainingCompleted,
    StagingFailed,
)
from tests.story.running import Play


async def go_live(play: Play) -> PackageRef:
    """Stage what was registered last, approve it, and wait until the instances serve it."""
    await until_jobs_end(play)
    await play.people.decide(play.people.links()[-1])
    await play.settle()
    before = len(play.world.hubs.events(PromotionCompleted))
    while len(play.world.hubs.events(PromotionCompleted)) == before:
        await play.advance(2)
    live = (await play.world.manifest()).current
    assert live
    return live


async def until_jobs_end(play: Play) -> None:
    """Every job ends; without job events only a reminder finds out."""
    await play.settle()
    for ref in play.azure.running():
        play.azure.end(ref)
    await play.settle()
    await play.advance(35)


async def tell(play: Play) -> tuple[PackageRef, PackageRef]:
    """Version 1 goes live, its traffic drifts, it is retrained, and what was trained goes live."""
    play.azure.register("1")
    first = await go_live(play)
    for _ in range(4):
        await play.scoring.serve(drifted=True)
    await play.world.fold()
    await play.settle()
    await play.advance(35)
    await until_jobs_end(play)
    second = await go_live(play)
    play.azure.register("3")
    await play.settle()
    for ref in play.azure.running():
        play.azure.end(ref, verdict="failed")
    await play.run_out()
    return first, second


@pytest.mark.parametrize(
    ("withheld", "doubled"), [(False, False), (True, False), (False, True), (True, True)],
    ids=["as told", "job events withheld", "everything twice", "withheld and twice"],
)  # fmt: skip
async def test_the_story_ends_the_same(withheld: bool, doubled: bool) -> None:
    play = Play(withheld=withheld, doubled=doubled)
    first, second = await tell(play)
    await play.invariants.at_rest()
    world = play.world
    heard = {event.model.version for event in world.hubs.events(ModelRegistered)}
    assert heard == {"1", "2", "3"}
    assert (first.model.version, second.model.version) == ("1", "2")
    assert [manifest.current for manifest in world.manifests.history] == [first, first, second]
    assert [len(manifest.routes) for manifest in world.manifests.history] == [1, 2, 1]
    assert len(world.hubs.events(ApprovalGranted)) == 2
    assert len(world.hubs.events(PromotionCompleted)) == 2
    assert len(world.hubs.events(RetrainingCompleted)) == 1
    assert [event.candidate.model.version for event in world.hubs.events(StagingFailed)] == ["3"]
    assert world.hubs.events(DriftConfirmed)
    assert world.hubs.events(PerformanceMeasured)
    assert bool(world.hubs.events(JobEnded)) is not withheld
    assert len(world.jobs.asked) == len(world.jobs.submitted)
    assert len({notice.key for notice in world.notifier.sent}) == len(world.notifier.sent)
