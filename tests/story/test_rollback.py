"""A rollback that is killed at any step, doubled, raced or held: one generation is current, and its outcome is said."""

import asyncio
from itertools import count
from typing import Any

import pytest

from shared.events import (
    ActionObserved,
    ActionSuperseded,
    Envelope,
    Event,
    ModelLoadFailed,
    PackageRef,
    PromotionCompleted,
    ReactionsPaused,
    RollbackCompleted,
    RollbackFailed,
    RollbackRequested,
    RollbackStarted,
    RollbackSuperseded,
    derive_id,
)
from shared.events.brakes import ALL
from shared.policies import EndpointPolicy
from tests.story.running import Play
from tests.support.world import ENDPOINT, POLICY, World


async def go_live(play: Play, version: str) -> PackageRef:
    """Stage and approve a version, and wait until the instances serve it."""
    play.azure.register(version)
    await play.settle()
    for job in play.azure.running():
        play.azure.end(job)
    await play.settle()
    await play.people.decide(play.people.links()[-1])
    await play.settle()
    before = len(play.world.hubs.events(PromotionCompleted))
    while len(play.world.hubs.events(PromotionCompleted)) == before:
        await play.advance(2)
    live = (await play.world.manifest()).current
    assert live
    assert live.model.version == version
    return live


async def two_versions(play: Play) -> tuple[PackageRef, PackageRef]:
    return await go_live(play, "1"), await go_live(play, "2")


async def publish(play: Play, event: Event, hub: Any = "events", name: str = "request") -> None:
    identity, now = derive_id(name), play.world.clock.now()
    await play.world.hubs.publish(hub, [Envelope.first(event, id=identity, source="/tests", time=now)])


async def request(play: Play, package: PackageRef, name: str = "request") -> None:
    generation = (await play.world.manifest()).generation
    event = RollbackRequested(
        endpoint=ENDPOINT, package=package, reason="too slow", generation=generation, requested_by="promotion"
    )
    await publish(play, event, name=name)


@pytest.mark.parametrize("doubled", [False, True], ids=["once", "everything twice"])
async def test_an_order_brings_back_what_served_before_with_proof(doubled: bool) -> None:
    play = Play(doubled=doubled)
    first, second = await two_versions(play)
    generation = (await play.world.manifest()).generation
    await play.people.order_rollback()
    await play.run_out()
    await play.invariants.at_rest()
    manifest = await play.world.manifest()
    assert (manifest.current, manifest.generation) == (first, generation + 1)
    completed = {event.model_dump_json(): event for event in play.world.hubs.events(RollbackCompleted)}
    (done,) = completed.values()
    assert (done.package, done.restored, done.instances, len(done.proofs)) == (second, first, 2, 2)
    assert done.rehearsal is not None
    assert (done.rehearsal.restore_s, done.requested_by) == (1, "petra@example.com")


@pytest.mark.parametrize("ordered", [False, True], ids=["requested", "ordered"])
async def test_killed_at_any_step_exactly_one_generation_is_current(ordered: bool) -> None:
    """At every fifth of the moments between port calls, from the request to the proof: the end is always the same."""
    kills, ends = 0, set()
    for steps in count(step=5):
        play = Play()
        _, second = await two_versions(play)
        generation = (await play.world.manifest()).generation
        await (play.people.order_rollback() if ordered else request(play, second))
        play.world.faults.crash_in = steps
        await play.run_out()
        await play.invariants.at_rest()
        manifest = await play.world.manifest()
        ends.add((manifest.current, manifest.generation - generation))
        written = [each.generation for each in play.world.manifests.history]
        assert written == list(range(1, manifest.generation + 1))
        assert {event.generation for event in play.world.hubs.events(RollbackCompleted)} == {manifest.generation}
        if not play.world.faults.instance:
            break
        kills += 1
    assert kills > 8
    assert len(ends) == 1


async def test_two_orders_at_once_take_one_version_away_and_the_second_is_said() -> None:
    play = Play()
    first, _ = await two_versions(play)
    await play.people.order_rollback("petra@example.com")
    await play.people.order_rollback("omar@example.com")
    one, other = [each for each in play.world.hubs.waiting if each.reader == "rollback"]
    await asyncio.gather(play.world.deliver(one), play.world.deliver(other))
    await play.run_out()
    await play.invariants.at_rest()
    assert (await play.world.manifest()).current == first
    assert len(play.world.hubs.events(RollbackStarted)) == len(play.world.hubs.events(RollbackCompleted)) == 1
    assert [event.requested_by for event in play.world.hubs.events(RollbackSuperseded)] == ["omar@example.com"]


async def test_an_order_after_a_rollback_does_not_bring_the_bad_version_back() -> None:
    play = Play()
    first, _ = await two_versions(play)
    for _ in range(2):
        await play.people.order_rollback()
        await play.run_out()
    await play.invariants.at_rest()
    assert (await play.world.manifest()).current == first
    (failed,) = play.world.hubs.events(RollbackFailed)
    assert "was itself taken away" in failed.reason


@pytest.mark.parametrize("rollback_first", [True, False])
async def test_a_promotion_and_a_rollback_at_once_end_by_generation(rollback_first: bool) -> None:
    """Both read the same generation; whoever swaps second is superseded, says so, and overwrites nothing."""
    for steps in range(0, 12, 3):
        play = Play()
        _, second = await two_versions(play)
        play.azure.register("3")
        await play.settle()
        for job in play.azure.running():
            play.azure.end(job)
        await play.settle()
        await request(play, second)
        await play.people.decide(play.people.links()[-1])
        while others := [each for each in play.world.hubs.waiting if each.reader not in ("promotion", "rollback")]:
            await play.run(others[0])
        waiting = [each for each in play.world.hubs.waiting if each.kind.endswith(("granted", "requested"))]
        waiting.sort(key=lambda each: (each.reader == "rollback") is not rollback_first)
        play.world.faults.crash_in = steps
        await asyncio.gather(*(play.world.deliver(each) for each in waiting))
        play.world.faults.crash_in = None
        await play.run_out()
        await play.invariants.at_rest()
        started = play.world.hubs.events(RollbackStarted)
        ended = [*play.world.hubs.events(RollbackCompleted), *play.world.hubs.events(RollbackSuperseded)]
        assert ended, f"step {steps}: nobody said how the rollback ended"
        assert len({event.generation for event in started}) <= 1
        written = [each.generation for each in play.world.manifests.history]
        assert written == list(range(1, len(written) + 1))


async def test_a_stale_request_is_superseded_and_said() -> None:
    play = Play()
    _, second = await two_versions(play)
    await request(play, second)
    await publish(
        play,
        RollbackRequested(endpoint=ENDPOINT, package=second, reason="", generation=1, requested_by="latency"),
        name="stale",
    )
    await play.run_out()
    (superseded,) = play.world.hubs.events(RollbackSuperseded)
    assert superseded.requested_by == "latency"
    assert not play.world.hubs.events(ActionSuperseded)


async def test_an_instance_that_stays_behind_is_named_and_a_person_is_called() -> None:
    play = Play()
    first, _ = await two_versions(play)
    await play.scoring.lag("instance-b")
    await play.people.order_rollback()
    await play.run_out()
    await play.invariants.at_rest()
    (failed,) = play.world.hubs.events(RollbackFailed)
    assert (failed.behind, failed.restored) == (("instance-b",), first)
    assert "instance-b did not follow" in failed.reason
    assert (await play.world.manifest()).current == first


async def test_a_version_that_cannot_be_loaded_again_is_said() -> None:
    play = Play()
    first, _ = await two_versions(play)
    await play.people.order_rollback()
    await play.settle()
    generation = (await play.world.manifest()).generation
    failure = ModelLoadFailed(
        endpoint=ENDPOINT, instance="instance-a", package=first, generation=generation, reason="golden rows differ"
    )
    await publish(play, failure, "predictions", "failure")
    await play.run_out()
    (failed,) = play.world.hubs.events(RollbackFailed)
    assert failed.reason == "instance-a cannot serve it: golden rows differ"


def with_modes(**modes: str) -> World:
    limits = {**POLICY.endpoints["flights"].limits, "modes": modes}
    return World(
        policy=POLICY.model_copy(update={"endpoints": {"flights": EndpointPolicy(model="flights", limits=limits)}})
    )


@pytest.mark.parametrize("mode", ["observe", "propose"])
async def test_a_mode_holds_what_a_service_requests_but_not_what_a_person_orders(mode: str) -> None:
    play = Play(with_modes(rollback=mode))
    first, second = await two_versions(play)
    await request(play, second)
    await play.settle()
    assert (await play.world.manifest()).current == second
    await play.people.order_rollback()
    for _ in range(3):
        await play.advance(3)
    assert (await play.world.manifest()).current == first
    assert play.world.hubs.events(RollbackCompleted)


async def test_a_brake_holds_an_order_too_and_says_so_at_once() -> None:
    play = Play()
    _, second = await two_versions(play)
    await publish(play, ReactionsPaused(scope=ALL, operator="omar@example.com", reason="quiet"), "decisions", "pause")
    await play.settle()
    await play.people.order_rollback()
    await play.settle()
    assert (await play.world.manifest()).current == second
    observed = [event for event in play.world.hubs.events(ActionObserved) if event.service == "rollback"]
    assert observed[0].why == "paused by omar@example.com: quiet"
    assert "swap_manifest" in observed[0].would
    assert len(play.world.hubs.events(PromotionCompleted)) == 2
