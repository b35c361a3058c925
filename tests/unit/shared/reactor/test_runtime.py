"""What goes by the clock in a whole runtime."""

from collections.abc import AsyncIterator

import pytest

from shared.events import Entity
from shared.ports import Heartbeats, Ledger, PolicyBook, Unavailable
from shared.reactor.ticking import PartsFailed
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
