"""A lane reads once for several services, and one message can harm only itself."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from services import deciding
from shared.events import (
    ActionReleased,
    DriftCleared,
    EndpointRef,
    Event,
    LaneResumeOrdered,
    LaneStalled,
    PackageRef,
    encode,
)
from shared.policies import PolicyDocument
from shared.ports import LaneBook, Message
from shared.reactor import Decision, Facts, Known, Overruns, Service, State, lanes_of
from tests.support.builders import NOW, envelope
from tests.support.eventually import aeventually
from tests.support.sample_service import WORKSPACE, registered, sample_service
from tests.support.world import World
from tests.unit.shared.reactor.lane_bench import LaneBench

CLEARED = DriftCleared(
    endpoint=EndpointRef(workspace=WORKSPACE, name="e"),
    package=PackageRef(model=registered().model, digest="0" * 64),
    signal="data",
)


async def test_garbage_is_one_dead_letter_with_its_reason_and_harms_nothing_else(lane: LaneBench) -> None:
    lane.lane.services["other"] = Service("other", lane="samples", state=State)  # type: ignore[index]
    await lane.consume(lane.message(0), lane.message(1, b"\xff{"), lane.message(2))
    assert sorted(lane.rejected()) == ["0", "2"]
    (letter,) = lane.dead()
    assert (letter.service, letter.sequence, letter.reason.split(":")[0]) == ("samples", 1, "body")
    assert await lane.bodies.read(letter.body) == b"\xff{"
    assert await lane.position() == 2


async def test_a_type_that_the_hub_may_not_carry_is_unreadable(lane: LaneBench) -> None:
    await lane.consume(lane.of(LaneResumeOrdered(lane="tell", operator="petra", reason="mended"), 0))
    assert "may not carry" in lane.dead()[0].reason


async def test_a_bug_is_kept_with_its_traceback_and_the_partition_goes_on(lane: LaneBench) -> None:
    lane.bench.trouble.gathering = [ZeroDivisionError("oops")]
    await lane.consume(lane.message(0), lane.message(1))
    assert len(lane.rejected()) == 1
    assert "ZeroDivisionError: oops" in lane.dead()[0].reason
    assert await lane.position() == 1


async def test_who_cannot_say_whom_an_event_concerns_harms_that_one_alone(lane: LaneBench) -> None:
    def wrong(event: DriftCleared) -> None:
        raise LookupError("no such thing")

    odd = Service("odd", lane="samples", state=State)
    odd.reacts_to(DriftCleared, decide=decide_nothing, entity=wrong)
    lane.lane.services["odd"] = odd  # type: ignore[index]
    await lane.consume(lane.of(CLEARED, 0), lane.message(1))
    assert (await lane.position(), lane.rejected()) == (1, ["1"])
    assert "LookupError: no such thing" in lane.dead()[0].reason


def decide_nothing(state: State, facts: Facts[Known], event: Event, policy: PolicyDocument) -> Decision[State]:
    return Decision(state)


async def test_a_policy_that_publishes_what_it_did_not_declare_is_a_bug(lane: LaneBench) -> None:
    await lane.consume(lane.of(CLEARED, 0))
    assert "Undeclared" in lane.dead()[0].reason


async def test_what_concerns_nobody_costs_no_call_until_something_does(lane: LaneBench) -> None:
    nobody = ActionReleased(service="absent", about=str(registered().entity), decision="d", by="x", through="grant")
    await lane.consume(lane.message(0))
    await lane.consume(*(lane.of(nobody, number) for number in range(1, 50)))
    assert await lane.position() == 0
    await lane.consume(lane.message(50))
    assert await lane.position() == 50
    assert lane.read_back == 0


async def test_what_concerned_nobody_is_noted_after_a_while(lane: LaneBench) -> None:
    nobody = ActionReleased(service="absent", about=str(registered().entity), decision="d", by="x", through="grant")
    await lane.consume(lane.message(0))
    lane.bench.clock.advance(timedelta(seconds=31))
    await lane.consume(lane.of(nobody, 1))
    assert await lane.position() == 1


async def test_a_reaction_over_its_time_waits_and_holds_nobody(
    lane: LaneBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    lane.lanes = lane.another_instance(budget=timedelta(milliseconds=50))
    handle, never = lane.bench.reactor.handle, asyncio.Event()

    async def hang_on_the_first(service: Service, envelope: Any, bugs: list[str]) -> Any:
        return await (never.wait() if envelope.id == "e0" else handle(service, envelope, bugs))

    monkeypatch.setattr(lane.bench.reactor, "handle", hang_on_the_first)
    await lane.consume(lane.message(0), lane.message(1))
    assert (await lane.position(), lane.rejected()) == (1, ["1"])
    waiting = await lane.bench.ledger.first_waiting("sample", registered("0").entity)
    assert waiting
    assert waiting.reason == "sample was not done within 0.05 s"
    await lane.bench.sweep()
    assert lane.rejected() == ["1", "0"]


async def test_a_reaction_that_will_not_end_is_left_behind_and_its_event_waits(
    lane: LaneBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    overruns = Overruns(grace=timedelta())
    lane.lanes = lane.another_instance(budget=timedelta(milliseconds=20), overruns=overruns)
    handle, let_go = lane.bench.reactor.handle, asyncio.Event()

    async def never_end(service: Service, envelope: Any, bugs: list[str]) -> Any:
        while envelope.id == "e0" and not let_go.is_set():
            with suppress(asyncio.CancelledError):
                await let_go.wait()
        return await handle(service, envelope, bugs)

    monkeypatch.setattr(lane.bench.reactor, "handle", never_end)
    await lane.consume(lane.message(0), lane.message(1))
    assert (await lane.position(), lane.rejected(), overruns.left) == (1, ["1"], ["sample"])
    await lane.bench.sweep()
    let_go.set()
    await aeventually(lambda: asyncio.sleep(0, not overruns.left), every_s=0)
    assert lane.rejected() == ["1", "0"]


async def test_what_is_left_of_a_slice_when_its_time_is_over_waits_in_order(
    lane: LaneBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.reactor.lanes.REST_WAITS", timedelta(seconds=-1))
    await lane.consume(*(lane.message(number) for number in range(3)))
    assert (await lane.position(), lane.rejected()) == (2, [])
    await lane.bench.sweep()
    assert sorted(lane.rejected()) == ["0", "1", "2"]


async def test_a_batch_after_which_nothing_could_be_written_is_not_passed(lane: LaneBench) -> None:
    with lane.tables_down(), pytest.raises(ExceptionGroup):
        await lane.consume(lane.message(0))
    assert await lane.position() is None


async def test_who_holds_a_partition_for_minutes_is_told_once_with_place_and_reason(lane: LaneBench) -> None:
    for _ in range(12):
        with lane.tables_down(), pytest.raises(ExceptionGroup):
            await lane.consume(lane.message(0))
        lane.bench.clock.advance(timedelta(minutes=1))
    (stalled,) = lane.told(LaneStalled)
    assert (stalled.lane, stalled.hub, stalled.sequence, stalled.reason) == ("samples", "events", 0, "tables are down")
    await lane.consume(lane.message(0))
    assert lane.rejected() == ["0"]


async def test_a_newcomer_does_not_act_on_what_lay_in_the_hub_before_it(lane: LaneBench) -> None:
    await lane.consume(lane.message(0))
    late = Service("late", lane="samples", state=sample_service().state)
    eager = Service("eager", lane="samples", state=sample_service().state, acts_on_the_past=True)
    for service in (late, eager):
        service.reactions = lane.bench.service.reactions
    old = lane.message(1)
    lane.bench.clock.advance(timedelta(hours=1))
    lane.lane.services.update(late=late, eager=eager)  # type: ignore[attr-defined]
    await lane.consume(old, by=lane.another_instance())
    assert await decisions(lane, "late", "1") == 0
    assert await decisions(lane, "eager", "1") == 1
    lane.bench.clock.advance(timedelta(hours=1))
    await lane.consume(lane.message(2), by=lane.another_instance())
    assert await decisions(lane, "late", "2") == 1


async def decisions(lane: LaneBench, service: str, version: str) -> int:
    return (await lane.bench.ledger.head(service, registered(version).entity)).length


async def test_whichever_lane_of_a_new_system_is_read_first_all_its_services_were_there_first() -> None:
    world = World()
    message = Message("events", 0, 0, encode(envelope(registered())), NOW - timedelta(hours=1))
    for lane in world.app.runtime.lanes_by_name.values():
        if lane.hub == "events":
            await world.app.runtime.lanes.consume(lane, [message])
    book: LaneBook = world.ports[LaneBook]
    first = await book.first_runs(sorted(world.services), NOW)
    assert set(first) == set(world.services)
    assert set(first.values()) == {None}


def test_lanes_follow_from_what_services_declare() -> None:
    first = Service("services.first", lane="lifecycle", state=State)
    second = Service("services.second", lane="its_own", state=State)
    lanes = lanes_of({service.name: service for service in (first, second)})
    assert {name: sorted(lane.services) for name, lane in lanes.items()} == {
        "lifecycle": ["first"],
        "its_own": ["second"],
    }


def test_whoever_obeys_commands_is_read_for_in_the_lane_of_commands() -> None:
    lanes = lanes_of(deciding())
    assert lanes["commands"].hub == "decisions"
    assert set(lanes["commands"].services) == {"approvals", "brakes", "rollback"}


def test_an_addressed_event_concerns_only_whom_it_names(lane: LaneBench) -> None:
    def released(service: str) -> Event:
        return ActionReleased(service=service, about=str(registered().entity), decision="d", by="x", through="grant")

    assert [service.name for service, _ in lane.lane.concerned(released("sample"))] == ["sample"]
    assert lane.lane.concerned(released("other")) == []
