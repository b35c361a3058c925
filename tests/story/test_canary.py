"""A canary from approval to its end, through every service: caught, asked about, let go on, or expired (F11)."""

from shared.events import (
    ActionApproved,
    ActionDeclined,
    ActionProposed,
    PromotionAborted,
    PromotionCompleted,
    PromotionRefused,
    PromotionStepped,
    RollbackRequested,
)
from tests.story.running import Play


async def staged(play: Play, version: str) -> None:
    """Registered, through staging, approved by a person; promotion has heard of it."""
    play.azure.register(version)
    await play.settle()
    for job in play.azure.running():
        play.azure.end(job)
    await play.settle()
    await play.people.decide(play.people.links()[-1])
    await play.settle()


async def live(version: str) -> Play:
    play = Play()
    await staged(play, version)
    await play.run_out()
    assert [event.package.model.version for event in play.world.hubs.events(PromotionCompleted)] == [version]
    return play


async def served(play: Play) -> list[tuple[str, float]]:
    return [(route.package.model.version, route.share) for route in (await play.world.manifest()).routes]


async def test_a_candidate_that_is_too_slow_is_caught_in_the_canary() -> None:
    play = await live("1")
    play.scoring.slow = {"2"}
    await staged(play, "2")
    await play.run_out()
    await play.invariants.at_rest()
    (back,) = play.world.hubs.events(RollbackRequested)
    (aborted,) = play.world.hubs.events(PromotionAborted)
    assert (back.package.model.version, back.generation, back.requested_by) == ("2", 2, "promotion")
    assert "share of slow answers" in aborted.reason
    assert {finding.test: finding.verdict for finding in aborted.findings}["latency"] == "abort"
    assert not play.world.hubs.events(PromotionStepped)


async def quiet() -> Play:
    """Version 2 is in a canary that nobody calls, until the step is inconclusive."""
    play = await live("1")
    play.scoring.requests = 0
    await staged(play, "2")
    while not play.world.hubs.events(ActionProposed):
        await play.advance(2)
    assert await served(play) == [("1", 80), ("2", 20)]
    return play


async def test_an_inconclusive_step_waits_for_a_person_even_when_figures_come_late() -> None:
    play = await quiet()
    play.scoring.requests = 100
    for _ in range(5):
        await play.advance(30)
    assert await served(play) == [("1", 80), ("2", 20)]
    await play.people.decide(play.people.links()[-1])
    await play.run_out()
    await play.invariants.at_rest()
    assert [event.by for event in play.world.hubs.events(ActionApproved)] == ["lea@example.com"]
    assert [event.cleared_by for event in play.world.hubs.events(PromotionStepped)] == ["lea@example.com"]
    assert await served(play) == [("2", 100)]


async def test_a_persons_no_has_it_taken_back() -> None:
    play = await quiet()
    await play.people.decide(play.people.links()[-1], "reject")
    await play.run_out()
    await play.invariants.at_rest()
    assert [event.generation for event in play.world.hubs.events(RollbackRequested)] == [2]


async def test_a_question_that_nobody_answers_has_it_taken_back() -> None:
    play = await quiet()
    await play.run_out()
    await play.invariants.at_rest()
    assert [event.by for event in play.world.hubs.events(ActionDeclined)] == [""]
    assert [event.generation for event in play.world.hubs.events(RollbackRequested)] == [2]


async def test_a_second_answer_changes_nothing() -> None:
    play = await quiet()
    for _ in range(2):
        await play.people.decide(play.people.links()[-1])
        await play.settle()
    await play.people.decide(play.people.links()[-1], "reject")
    await play.run_out()
    await play.invariants.at_rest()
    assert len(play.world.hubs.events(PromotionStepped)) == 1
    assert not play.world.hubs.events(RollbackRequested)


async def test_who_was_staged_against_what_no_longer_serves_is_refused() -> None:
    play = await live("1")
    play.azure.register("2")
    await play.settle()
    for job in play.azure.running():
        play.azure.end(job)
    await play.settle()
    overtaken = play.people.links()[-1]
    await play.people.decide(overtaken)
    held = [each for each in play.world.hubs.waiting if each.reader == "approvals"]
    assert held, "the decision has not been handled yet"
    manifest = await play.world.manifest()
    other = manifest.routes[0].model_copy(
        update={"package": manifest.routes[0].package.model_copy(update={"digest": "9" * 64})}
    )
    await play.world.manifests.swap(
        manifest.model_copy(update={"generation": 2, "routes": (other,), "changed_by": "somebody else"})
    )
    await play.settle()
    (refused,) = play.world.hubs.events(PromotionRefused)
    assert "stage it again" in refused.reason
    assert (await play.world.manifest()).generation == 2
