"""What goes by the clock in a whole runtime."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from shared.events import DeadlineReached, Entity
from shared.ports import Deadline, Heartbeats, Ledger, PolicyBook, Unavailable
from shared.reactor.runtime import HEARTBEAT
from shared.reactor.ticking import LATE, PartsFailed
from tests.support.builders import NOW, model_ref
from tests.support.world import App, World


async def test_a_tick_says_that_control_runs_and_which_build_it_is() -> None:
    world = World()
    heartbeats: Heartbeats = world.ports[Heartbeats]
    assert await heartbeats.last() is None
    await world.app.runtime.tick()
    last = await heartbeats.last()
    assert last is not None
    assert (last.at, last.build) == (NOW, "a build")


async def test_a_policy_that_cannot_be_put_on_record_keeps_nothing_from_being_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world, swept = World(), []

    async def fails() -> None:
        raise Unavailable("the book is away")

    async def resume(services: object) -> None:
        swept.append(services)

    monkeypatch.setattr(world.ports[PolicyBook], "last", fails)
    monkeypatch.setattr(world.app.runtime.reactor, "resume", resume)
    with pytest.raises(PartsFailed):
        await world.app.runtime.tick()
    assert swept == [world.app.runtime.services]


async def test_a_tick_takes_up_what_was_left_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once a process, and from then on every few hours."""
    world, looked = World(), 0
    chains: list[tuple[str, Entity]] = []

    async def unfinished() -> AsyncIterator[tuple[str, Entity]]:
        nonlocal looked
        looked += 1
        for chain in chains:
            yield chain

    monkeypatch.setattr(world.ports[Ledger], "unfinished", unfinished)
    for _ in range(3):
        await world.app.runtime.tick()
    assert looked == 1


def reminder(number: int) -> Deadline:
    return Deadline("staging", model_ref(f"m{number}").entity, "look", NOW, "cause", "chain")


async def test_ticks_that_overlap_or_follow_at_once_do_what_one_does() -> None:
    """On two instances at once, and again on each: as the host runs a timer whose lease moved, or that outlasted it."""
    world = World()
    for number in range(3):
        await world.deadlines.set(reminder(number))
    one, other = App(world).runtime, App(world).runtime
    await asyncio.gather(one.tick(), other.tick(), one.tick())
    await one.tick()
    await other.tick()
    sent = Counter(
        (envelope.id, envelope.data.about)
        for _, envelope in world.hubs.log
        if isinstance(envelope.data, DeadlineReached)
    )
    assert sorted(about for _, about in sent) == [str(reminder(number).entity) for number in range(3)], "one id each"
    assert await world.deadlines.due(NOW) == []


@pytest.mark.parametrize(("over", "told"), [(timedelta(0), False), (timedelta(seconds=1), True)])
async def test_a_clock_that_stood_still_is_said_by_whoever_takes_over(
    over: timedelta, told: bool, caplog: pytest.LogCaptureFixture
) -> None:
    world = World()
    await world.app.runtime.beat()
    world.clock.advance(HEARTBEAT + LATE + over)
    after = App(world).runtime
    for _ in range(2):
        await after.beat()
        world.clock.advance(HEARTBEAT + LATE + over)
    said = [record.getMessage() for record in caplog.records if "stood still" in record.getMessage()]
    assert len(said) == told
    assert not said or NOW.isoformat() in said[0]
