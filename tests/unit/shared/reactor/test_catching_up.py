"""The trigger wakes, the position decides: what the host passed over is read back, also at the tail of a partition."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.events import ActionReleased, EventsLost, HubReplaced, LaneStalled, encode
from shared.ports import Extent, Hub, LaneBook, Place, Position, Stop, Unavailable
from shared.reactor import NotCaughtUp, catching_up, performing
from tests.support.builders import NOW, endpoint_ref, envelope
from tests.unit.shared.reactor.plant import Plant

MINUTE = 60
NOBODY = ActionReleased(service="absent", about=str(endpoint_ref().entity), decision="d", by="x", through="grant")


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that were waited for, by a clock that has not moved."""
    waited: list[float] = []
    pause = asyncio.sleep

    async def noted(seconds: float) -> None:
        waited.append(seconds)
        await pause(0)

    monkeypatch.setattr(catching_up, "asyncio", Patched(noted))
    return waited


class Patched:
    """The module but for its `sleep`."""

    def __init__(self, sleep: Any) -> None:
        self.sleep = sleep

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)


async def test_an_hour_of_events_while_our_storage_is_away_is_caught_up_within_two_minutes() -> None:
    plant = Plant()
    plant.send(0)
    await plant.run(MINUTE)
    sent = 1
    with plant.outage():
        while sent < 361:
            plant.send(sent)
            sent += 1
            await plant.run(10)
    await plant.run(2 * MINUTE)
    assert await plant.behind() == {}
    await plant.assert_each_once_and_in_order(range(sent))


@pytest.mark.parametrize("busy", [False, True], ids=["idle", "busy"])
@pytest.mark.parametrize("at", [0, 50, 99, None], ids=["first", "middle", "last", "alone"])
async def test_bodies_that_no_trigger_delivers_are_letters_and_their_neighbours_are_handled(
    at: int | None, busy: bool
) -> None:
    plant, good = Plant(), 0
    for place in range(100 if at is not None else 1):
        if place == (at or 0):
            for hub in ("inbound", "labels"):
                plant.hub.put(hub, 0, b"x", flaw="body: bytes are required, found an AMQP value section")
        if at is not None:
            plant.send(2 * good)  # all to one partition
            good += 1
    for _ in range(12 if busy else 0):
        await plant.run(10)
        plant.send(2 * good)
        good += 1
    await plant.run(2 * MINUTE)
    assert await plant.behind() == {}
    await plant.assert_each_once_and_in_order(range(0, 2 * good, 2))
    number = at or 0
    assert plant.buried() == {
        Place(*reader, number): "body: bytes are required, found an AMQP value section"
        for reader in (("intake", "inbound"), ("sums", "labels"))
    }


async def test_what_the_trigger_has_just_got_is_left_to_it() -> None:
    plant = Plant()
    plant.send(0)
    plant.clock.advance(timedelta(seconds=27))
    await plant.tick()
    assert plant.bells.rung == {}
    plant.clock.advance(timedelta(seconds=30))
    await plant.tick()
    await plant.tick()
    assert await plant.rows() == 1


async def test_what_will_soon_have_stood_is_waited_for(waits: list[float]) -> None:
    plant = Plant()
    plant.send(0)
    plant.clock.advance(timedelta(seconds=30))
    await plant.tick()
    assert max(waits) == 10.0
    assert await plant.rows() == 1


async def test_since_when_a_message_lies_there_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    plant = Plant()
    hubs: Any = plant.instances[0].runtime._catching_up._hubs
    read, asked = hubs.read, list[tuple[Any, ...]]()

    async def noted(*which: Any) -> Any:
        asked.append(which)
        return await read(*which)

    monkeypatch.setattr(hubs, "read", noted)
    plant.send(0)
    for _ in range(3):
        plant.clock.advance(timedelta(seconds=9))
        await plant.tick()
    assert len(asked) == len(set(asked)) > 0


async def test_nothing_is_asked_of_storage_while_no_hub_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    plant = Plant()
    plant.send(0)
    await plant.run(4 * MINUTE)
    with plant.outage():
        plant.instances[0].runtime.on_record = Kept()  # type: ignore[assignment]
        assert await plant.instances[0].runtime.catch_up() is False


class Kept:
    async def keep(self) -> None:
        return None


async def test_a_reader_far_behind_keeps_no_other_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catching_up, "_STEP", 10)
    plant, order = Plant(), list[str]()
    for number in range(400):
        plant.hub.put("inbound", 0, b"not a number")
        if number > 380:
            plant.send(2 * number)
    plant.clock.advance(timedelta(minutes=1))
    for reader in plant.instances[0].runtime._catching_up._readers:
        note(order, reader, monkeypatch)
    await plant.tick()
    assert "sums" in order[:4]
    assert order.count("intake") > 40
    await plant.tick()
    assert await plant.rows() == 19


def note(order: list[str], reader: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = reader.catch_up

    async def noted(stretch: Any) -> None:
        order.append(reader.name)
        await inner(stretch)

    object.__setattr__(reader, "catch_up", noted)


async def test_more_than_one_run_may_do_is_left_to_the_next_and_nothing_is_done_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(catching_up, "_STEP", 10)
    monkeypatch.setattr(catching_up, "_BEGINS_S", 0.0)
    plant = Plant()
    for number in range(60):
        plant.send(number)
    plant.clock.advance(timedelta(minutes=1))
    runtime = plant.instances[0].runtime
    assert await runtime.catch_up() is True
    monkeypatch.setattr(catching_up, "_BEGINS_S", 30.0)
    assert await runtime.catch_up() is False
    plant.clock.advance(timedelta(minutes=1))
    await plant.tick()
    await plant.assert_each_once_and_in_order(range(60))


async def test_one_hub_that_does_not_answer_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    plant = Plant()
    plant.send(0)
    plant.clock.advance(timedelta(minutes=1))
    reader: Any = plant.instances[0].runtime._catching_up._hubs
    asked = reader.extent

    async def broken(hub: Hub) -> Extent:
        if hub == "inbound":
            raise Unavailable("hub inbound is away")
        found: Extent = await asked(hub)
        return found

    monkeypatch.setattr(reader, "extent", broken)
    with pytest.raises(NotCaughtUp):
        await plant.instances[0].runtime.catch_up()
    assert await plant.rows() == 1


async def test_a_hub_that_was_made_anew_is_read_though_the_host_is_not_woken() -> None:
    """The host's checkpoint lies beyond the new hub's end: the scaler sees nothing to do."""
    plant = Plant()
    for number in range(6):
        plant.send(number)
    await plant.run(3 * MINUTE)
    plant.hub.replace("labels")
    plant.send(6)
    plant.clock.advance(timedelta(minutes=2))
    await plant.tick()
    assert await plant.rows() == 7
    told = [each.data for each in plant.hub.published["events"] if isinstance(each.data, HubReplaced)]
    assert {each.hub for each in told} >= {"labels"}


async def test_a_tail_that_the_hub_has_lost_is_said_once_and_passed() -> None:
    plant = Plant()
    for number in range(0, 8, 2):
        plant.send(number)
    await plant.run(2 * MINUTE)
    for number in range(8, 14, 2):
        plant.send(number)
    held = plant.hub.messages["labels", 0]
    lost, plant.hub.messages["labels", 0] = held[4:6], [held[6]]
    plant.clock.advance(timedelta(minutes=1))
    for _ in range(3):
        await plant.tick()
        plant.clock.advance(timedelta(minutes=1))
    told = {each.id: each.data for each in plant.hub.published["events"] if isinstance(each.data, EventsLost)}
    assert [(each.service, each.first, each.last) for each in told.values()] == [("sums", 4, 5)]
    assert len(lost) == 2
    assert await plant.rows() == 5


async def test_a_lane_that_another_instance_stopped_is_not_read_for_until_it_goes_on() -> None:
    plant = Plant()
    plant.send(0)
    await plant.run(2 * MINUTE)
    book: LaneBook = plant.ports[LaneBook]
    await book.stop("samples", Stop("a build", plant.clock.now(), "KeyError"))
    plant.hub.put("events", 0, b"junk")
    plant.clock.advance(timedelta(minutes=1))
    with pytest.raises(NotCaughtUp) as failed:
        await plant.instances[0].runtime.catch_up()
    assert "lane samples was stopped" in str(failed.value.exceptions)
    assert plant.buried() == {}
    await book.resume("samples")
    await plant.tick()
    assert plant.buried() == {Place("samples", "events", 1): plant.buried()[Place("samples", "events", 1)]}


async def test_who_stays_behind_for_minutes_is_told_with_the_time_of_the_message_it_stands_at() -> None:
    plant = Plant()
    plant.send(0)
    book: LaneBook = plant.ports[LaneBook]
    await book.stop("samples", Stop("a build", plant.clock.now(), "KeyError"))
    plant.hub.put("events", 0, b"junk")
    plant.clock.advance(timedelta(minutes=6))
    with pytest.raises(NotCaughtUp):
        await plant.instances[0].runtime.catch_up()
    told = [each.data for each in plant.hub.published["events"] if isinstance(each.data, LaneStalled)]
    assert [(each.lane, each.since) for each in told] == [("samples", NOW)]


async def test_what_concerned_nobody_is_noted_though_nothing_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.reactor.reading.NOTED_AFTER", timedelta(milliseconds=50))
    plant, place = Plant(), Place("samples", "events", 0)
    moved, move = asyncio.Event(), plant.positions.move

    async def noted(place: Place, before: Position | None, after: Position) -> Position:
        written = await move(place, before, after)
        moved.set()
        return written

    monkeypatch.setattr(plant.positions, "move", noted)
    plant.hub.put("events", 0, encode(envelope(NOBODY, id="nobody", time=NOW)))
    await plant.deliver(place)
    assert await plant.positions.read(place) is None
    await asyncio.wait_for(moved.wait(), 30)
    assert await plant.behind() == {}


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for another's lease looks again at once: that one needs turns of the loop, not time."""
    monkeypatch.setattr(performing, "_LONGEST_LOOK_S", 0.0)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), seed=st.integers(0, 2**32))
async def test_however_trigger_and_sweeper_of_two_instances_mix_each_event_has_its_effect_once_and_in_order(
    data: Any, seed: int, impatient: None
) -> None:
    plant, sent = Plant(instances=2, seed=seed), 0
    acting = st.tuples(
        st.sampled_from(["deliver", "deliver", "tick"]), st.integers(0, 1), st.sampled_from(plant.places)
    )
    for _ in range(data.draw(st.integers(1, 5))):
        for _ in range(data.draw(st.integers(0, 12))):
            plant.send(sent)
            sent += 1
        plant.clock.advance(timedelta(seconds=data.draw(st.sampled_from([5, 60]))))
        acts = data.draw(st.lists(acting, min_size=1, max_size=6))
        plant.is_away = data.draw(st.booleans())
        await asyncio.gather(
            *(plant.tick(by) if kind == "tick" else plant.deliver(place, by) for kind, by, place in acts)
        )
        plant.is_away = False
        if data.draw(st.booleans()):
            plant.restart(data.draw(st.integers(0, 1)))
    # Each instance says once that it goes by this policy; then intake, and what it has published.
    for by in (1, 0, 0, 0):
        plant.clock.advance(timedelta(minutes=1))
        await plant.tick(by)
    assert await plant.behind() == {}
    await plant.assert_each_once_and_in_order(range(sent))
