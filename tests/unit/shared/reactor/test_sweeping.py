"""The sweeper tries all that waits: many chains at once, and no chain, whatever is wrong with it, stops another."""

import asyncio
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from shared.events import ActionFailed, ModelRejected
from shared.ports import Refused, Unavailable, Waiting
from shared.reactor import Handled, sweeping
from tests.support.sample_service import registered
from tests.unit.shared.reactor.bench import Bench

ENTITY = registered().entity


async def queued(bench: Bench, version: str, id: str, service: str = "sample", **changes: Any) -> Waiting:
    """An event that waits, as if put there by another build."""
    bench.trouble.gathering = [Unavailable("down")]
    assert await bench.handle(registered(version), id) is Handled.PENDING
    waiting = await bench.ledger.first_waiting("sample", registered(version).entity)
    assert waiting
    if service != "sample" or changes:
        await bench.ledger.stop_waiting(waiting)
        event = {**waiting.event, **changes.pop("event", {})} if changes.get("event") != {} else {}
        waiting = Waiting(service, waiting.entity, id, event, waiting.since, waiting.due, 0, waiting.reason)
        await bench.ledger.wait(waiting)
    return waiting


def rejected(bench: Bench) -> set[str]:
    return {event.model.version for event in bench.published() if isinstance(event, ModelRejected)}


async def test_two_hundred_chains_are_tried_sixteen_at_once(bench: Bench) -> None:
    for number in range(200):
        await queued(bench, str(number), f"e{number}")
    retry, under_way, most = bench.reactor.retry, 0, 0

    async def counted(case: Any) -> Handled:
        nonlocal under_way, most
        under_way, most = under_way + 1, max(most, under_way + 1)
        for _ in range(5):
            await asyncio.sleep(0)
        under_way -= 1
        return await retry(case)

    bench.reactor.retry = counted  # type: ignore[method-assign]
    assert await bench.sweep() == 200
    assert most == 16
    assert len(rejected(bench)) == 200
    assert await bench.sweep() == 0


async def test_an_event_of_a_newer_build_waits_and_stops_nobody(bench: Bench) -> None:
    await queued(bench, "1", "newer", event={"dataschema": "urn:sluice:mlops.model.registered:99"})
    await queued(bench, "2", "healthy")
    for _ in range(3):
        await bench.sweep(timedelta(minutes=10))
    assert rejected(bench) == {"2"}
    waiting = await bench.ledger.first_waiting("sample", ENTITY)
    assert waiting
    assert "this build cannot read it" in waiting.reason
    assert waiting.attempts == 3


@pytest.mark.parametrize("event", [{"data": {"model": 7}}, {"id": 7}, {}])
async def test_what_never_can_be_read_is_kept_in_its_chain_and_said(bench: Bench, event: Mapping[str, Any]) -> None:
    await queued(bench, "1", "broken", event=event)
    await queued(bench, "2", "healthy")
    await bench.sweep()
    assert rejected(bench) == {"2"}
    (failed,) = [each for each in bench.published() if isinstance(each, ActionFailed)]
    assert (failed.decision, failed.effect) == ("broken", "read")
    assert failed.reason
    kept = await bench.ledger.find("sample", ENTITY, "broken")
    assert kept
    assert kept.entry.facts["given_up"] == failed.reason
    assert kept.entry.event["id"] == "broken"
    assert kept.settled
    assert await bench.handle(registered("1"), "after") is Handled.SETTLED


async def test_chains_of_a_service_that_is_gone_wait_with_a_reason_and_hide_nobody(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "_LOOKED_AT", 4)
    for number in range(10):
        await queued(bench, f"g{number}", f"gone{number}", service="renamed")
    await queued(bench, "2", "healthy")
    await bench.sweep()
    assert rejected(bench) == {"2"}
    waiting = await bench.ledger.first_waiting("renamed", registered("g3").entity)
    assert waiting
    assert waiting.reason == "this build has no service renamed"
    assert waiting.due > bench.clock.now()


async def test_a_chain_that_hangs_is_given_its_time_and_no_more(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "_CHAIN_S", 0.05)
    await queued(bench, "1", "hangs")
    await queued(bench, "2", "healthy")
    retry, never = bench.reactor.retry, asyncio.Event()

    async def hanging(case: Any) -> Handled:
        if case.envelope.id == "hangs":
            await never.wait()
        return await retry(case)

    bench.reactor.retry = hanging  # type: ignore[method-assign]
    assert await bench.sweep() == 2
    assert rejected(bench) == {"2"}
    waiting = await bench.ledger.first_waiting("sample", ENTITY)
    assert waiting
    assert waiting.reason == "not done within 0.05 s"


async def test_a_bug_in_one_chain_is_given_up_and_said(bench: Bench) -> None:
    await queued(bench, "1", "bug")
    await queued(bench, "2", "healthy")
    bench.trouble.gathering = [ZeroDivisionError("division by zero")]
    await bench.sweep()
    (failed,) = [each for each in bench.published() if isinstance(each, ActionFailed)]
    assert "ZeroDivisionError" in failed.reason
    assert len(rejected(bench)) == 1


async def test_a_pending_reason_is_never_empty(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.trouble.performing = [TimeoutError()]
    assert await bench.handle() is Handled.PENDING
    waiting = await bench.ledger.first_waiting("sample", ENTITY)
    assert waiting
    # What the machine took before it counts against the lease.
    assert re.fullmatch(r"ring_sample_bell was not done within \S+ s \(lease 10 s\)", waiting.reason)
    bench.trouble.performing = [Unavailable()]
    await bench.sweep()
    waiting = await bench.ledger.first_waiting("sample", ENTITY)
    assert waiting
    assert waiting.reason == "ring_sample_bell: Unavailable"


async def test_what_overran_its_time_is_queued_and_done_by_the_sweeper(bench: Bench) -> None:
    envelope = bench.envelope(registered())
    assert await bench.reactor.postpone(bench.service, envelope, "not done within 10 s") is Handled.PENDING
    assert await bench.handle(id="later") is Handled.PENDING
    await bench.sweep()
    order = [each.entry.event_id async for each in bench.ledger.entries("sample", ENTITY)]
    assert order == ["e1", "later"]
    assert await bench.reactor.postpone(bench.service, envelope, "late") is Handled.DUPLICATE


async def test_what_was_recorded_before_it_overran_is_not_decided_again(bench: Bench) -> None:
    bench.trouble.performing = [asyncio.CancelledError()]
    with pytest.raises(asyncio.CancelledError):
        await bench.handle()
    assert await bench.reactor.postpone(bench.service, bench.envelope(registered()), "late") is Handled.PENDING
    await bench.sweep()
    assert await bench.seen() == 1
    assert len(bench.published()) == 1


async def test_a_refused_gather_of_a_waiting_event_ends_it(bench: Bench) -> None:
    await queued(bench, "1", "refused")
    bench.trouble.gathering = [Refused("there is no such model")]
    await bench.sweep()
    (failed,) = bench.published()
    assert getattr(failed, "reason", "") == "there is no such model"
    assert await bench.ledger.first_waiting("sample", ENTITY) is None
