"""What waits for long is said to people, once, with what it waits for; and it goes on trying."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.events import ActionPending, Event
from shared.ports import Unavailable
from shared.reactor import Handled
from tests.support.sample_service import registered
from tests.unit.shared.reactor.bench import Bench


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.patience = replace(bench.patience, said_after=timedelta(minutes=3))
    bench.reactor = bench.another_instance("one")
    return bench


def said(bench: Bench) -> list[Event]:
    return [event for event in bench.published() if isinstance(event, ActionPending)]


async def test_what_waits_for_minutes_is_said_once_and_with_its_reason(bench: Bench) -> None:
    bench.trouble.gathering = [Unavailable("Azure ML: 503")] * 9
    since = bench.clock.now()
    assert await bench.handle() is Handled.PENDING
    for _ in range(2):
        await bench.sweep()
    assert said(bench) == []
    for _ in range(3):
        await bench.sweep(timedelta(seconds=45))
    about = str(registered().entity)
    assert said(bench) == [
        ActionPending(service="sample", about=about, decision="e1", since=since, reason="Azure ML: 503")
    ]


async def test_another_instance_says_it_under_the_same_id(bench: Bench) -> None:
    """So that the ledger of notifications knows it: people hear it once."""
    bench.trouble.gathering = [Unavailable("down")] * 9
    await bench.handle()
    await bench.sweep(timedelta(minutes=3))
    bench.reactor = bench.another_instance("two")
    await bench.sweep(timedelta(seconds=30))
    ids = [envelope.id for envelope in bench.publisher.published["events"]]
    assert len(ids) == 2
    assert len(set(ids)) == 1


async def test_a_hub_that_is_down_keeps_nobody_from_waiting(bench: Bench) -> None:
    bench.trouble.gathering = [Unavailable("down")] * 2
    publish = bench.publisher.publish

    async def refuse(*_: object) -> None:
        raise Unavailable("the hub is down")

    bench.publisher.publish = refuse  # type: ignore[assignment,method-assign]
    await bench.handle()
    await bench.sweep(timedelta(minutes=3))
    bench.publisher.publish = publish  # type: ignore[method-assign]
    assert await bench.sweep() == 1
    assert len(bench.trouble.performed) == 2
