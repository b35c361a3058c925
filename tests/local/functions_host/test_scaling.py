"""Instances of an app that end when they are idle, and come back when there is work."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.functions_host.scaling.controller import Demand
from infra.local.functions_host.scaling.wanted import Partition, instances_for
from infra.local.functions_host.timers.schedule import Interval
from tests.local.functions_host.running_host import RunningHost
from tests.local.functions_host.sending import checkpoint, owners, send
from tests.support.azurite import Azurite
from tests.support.eventhubs import EventHubsServer
from tests.support.eventually import eventually


@pytest.mark.parametrize(
    ("partition", "unprocessed"),
    [
        (Partition(0, None, None), 0),
        (Partition(0, None, 41), 0),
        (Partition(5, 9, None), 5),
        (Partition(0, 9, 9), 0),
        (Partition(0, 9, 4), 5),
        # A hub made anew under an old checkpoint wakes nobody.
        (Partition(0, 9, 41), 0),
    ],
)
def test_what_is_unprocessed(partition: Partition, unprocessed: int) -> None:
    assert partition.unprocessed == unprocessed


@pytest.mark.parametrize(("waiting", "instances"), [(0, 0), (1, 1), (100, 1), (101, 2), (201, 4), (10_000, 4)])
def test_four_partitions_are_shared_out_evenly(waiting: int, instances: int) -> None:
    partitions = [Partition(0, waiting - 1 if waiting else None, None), *[Partition(0, None, None)] * 3]
    assert instances_for(partitions, 100) == instances


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=32), st.integers(1, 1000))
def test_there_are_never_more_instances_than_partitions_and_none_without_work(
    waiting: list[int], events_each: int
) -> None:
    partitions = [Partition(0, count - 1 if count else None, None) for count in waiting]
    instances = instances_for(partitions, events_each)
    assert instances <= len(partitions)
    assert (instances == 0) == (sum(waiting) == 0)
    assert instances == 0 or len(partitions) % instances == 0


async def test_a_timer_that_has_come_due_asks_for_an_instance_once() -> None:
    two_hours_ago = datetime.now(UTC) - timedelta(hours=2)
    demand = Demand([], 100, [Interval(timedelta(hours=1)), Interval(timedelta(hours=9))], two_hours_ago)
    assert [await demand.instances(), await demand.instances()] == [1, 0]


class Scaled(RunningHost):
    """A scale controller with the hosts that it starts."""

    def __init__(self, app: str, directory: Path, settings: dict[str, str], *flags: str) -> None:
        self.state = directory / "state.json"
        scaling = ["--state", str(self.state), "--idle-seconds", "0.5", "--every-seconds", "0.2", *flags]
        super().__init__(app, directory, settings, scaling)
        self.module = "infra.local.functions_host.scaling"

    def pids(self) -> list[int]:
        if not self.state.exists():
            return []
        return list(json.loads(self.state.read_text())["instances"].values())

    def is_at_rest(self) -> bool:
        """Whether every instance that there was has ended."""
        assert self._running().poll() is None, self.log.read_text()[-4000:]
        return self.state.exists() and not self.pids()

    def wait_until_ready(self) -> "Scaled":
        eventually(self.is_at_rest)
        first = self.state.with_name("state.json.0.ready")
        self.ready = json.loads(first.read_text())
        return self


@pytest.fixture
def held(tmp_path: Path) -> Path:
    return tmp_path / "hold"


@pytest.fixture
def started() -> Iterator[list[Scaled]]:
    scaled: list[Scaled] = []
    yield scaled
    for each in scaled:
        if each.process is not None and each.process.poll() is None:
            each.stop()


def test_an_idle_app_has_no_instance_and_a_request_starts_one(tmp_path: Path, started: list[Scaled]) -> None:
    app = Scaled("web", tmp_path, {"HOLD": "/nowhere"})
    started.append(app)
    app.start()
    before = app.ready["pid"]
    assert json.loads(app.call("GET", "/api/ow/lit")[2]) == ["a_param", {"a": "lit"}]
    assert before not in app.pids()
    eventually(app.is_at_rest)


def test_an_event_starts_an_instance_and_is_processed_once(
    tmp_path: Path, started: list[Scaled], held: Path, connections: dict[str, str], hubs: EventHubsServer,
    azurite: Azurite,
) -> None:  # fmt: skip
    app = Scaled("holding", tmp_path, {**connections, "HUB": "woken", "HOLD": str(held), "FAIL": "/nowhere"})
    started.append(app)
    app.start()
    for number in range(2):
        send(hubs, "woken", [f"event {number}"])
        eventually(lambda number=number: checkpoint(azurite, hubs, "woken") == number)  # type: ignore[misc]
        eventually(app.is_at_rest)
    ended = app.recorded("ends")
    assert [call["bodies"] for call in ended] == [["event 0"], ["event 1"]]
    assert len({call["pid"] for call in app.recorded("begins")}) == 2


def test_a_backlog_starts_two_instances_which_share_the_partitions(
    tmp_path: Path, started: list[Scaled], held: Path, connections: dict[str, str], hubs: EventHubsServer,
    azurite: Azurite,
) -> None:  # fmt: skip
    one_each = {"AzureFunctionsJobHost__extensions__eventHubs__targetUnprocessedEventThreshold": "1"}
    settings = {**connections, **one_each, "HUB": "scaled", "HOLD": str(held), "FAIL": "/nowhere"}
    app = Scaled("holding", tmp_path, settings, "--most", "2")
    started.append(app)
    app.start()
    held.touch()
    for partition in ("0", "1"):
        send(hubs, "scaled", [f"event {partition}"], partition=partition)
    eventually(lambda: len(app.pids()) == 2)
    eventually(lambda: len(set(owners(azurite, hubs, "scaled")) - {None}) == 2)
    held.unlink()
    eventually(app.is_at_rest)
    assert {checkpoint(azurite, hubs, "scaled", partition) for partition in ("0", "1")} == {0}
    # A partition that changed hands in the middle of its batch is read again by the other, as in Azure.
    assert {body for call in app.recorded("ends") for body in call["bodies"]} == {"event 0", "event 1"}
