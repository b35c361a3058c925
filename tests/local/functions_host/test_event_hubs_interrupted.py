"""Event Hubs functions whose host is killed, stopped, doubled or cut off in the middle."""

from pathlib import Path

import pytest

from tests.local.functions_host.conftest import StartHost
from tests.local.functions_host.running_host import RunningHost
from tests.local.functions_host.sending import checkpoint, owners, send, send_value, take_over
from tests.support.azurite import Azurite
from tests.support.eventhubs import EventHubsServer
from tests.support.eventually import eventually

_BATCHING = "AzureFunctionsJobHost__extensions__eventHubs__"


@pytest.fixture
def hold(tmp_path: Path) -> Path:
    """While this file exists the function waits."""
    return tmp_path / "hold"


@pytest.fixture
def fail(tmp_path: Path) -> Path:
    """While this file exists the function fails."""
    return tmp_path / "fail"


@pytest.fixture
def settings(connections: dict[str, str], hold: Path, fail: Path) -> dict[str, str]:
    return {**connections, "HOLD": str(hold), "FAIL": str(fail)}


def bodies(host: RunningHost, what: str) -> list[str]:
    return [body for call in host.recorded(what) for body in call["bodies"]]


@pytest.mark.observed("events: an overrun fails all that runs in that process")
def test_a_killed_batch_comes_again_as_a_first_attempt(
    start_host: StartHost, settings: dict[str, str], hubs: EventHubsServer, azurite: Azurite, hold: Path
) -> None:
    hold.touch()
    killed = start_host("holding", {**settings, "HUB": "killed"}).start()
    send(hubs, "killed", ["precious"])
    eventually(lambda: killed.recorded("begins"))
    killed.kill()
    hold.unlink()
    second = start_host("holding", {**settings, "HUB": "killed"}).start()
    eventually(lambda: checkpoint(azurite, hubs, "killed") == 0)
    assert bodies(second, "ends") == ["precious"]
    assert second.recorded("begins")[0]["retry"] == 0


@pytest.mark.observed("timers: after a kill they start when the old lease has expired")
def test_a_host_started_again_in_its_place_needs_no_claim_to_expire(
    start_host: StartHost, settings: dict[str, str], hubs: EventHubsServer, azurite: Azurite, hold: Path
) -> None:
    patient = {**settings, f"{_BATCHING}partitionOwnershipExpirationInterval": "00:10:00", "HUB": "again"}
    hold.touch()
    host = start_host("holding", patient).start()
    send(hubs, "again", ["precious"])
    eventually(lambda: host.recorded("begins"))
    host.kill()
    hold.unlink()
    host.start()
    eventually(lambda: checkpoint(azurite, hubs, "again") == 0)


@pytest.mark.observed(
    "events: no checkpoint moves when the host stops or the partition is lost",
    "http: a host that ends takes no connection, answers what is under way, and ends",
)
def test_a_stopping_host_lets_the_batch_end_moves_no_checkpoint_and_gives_its_partition_back(
    start_host: StartHost, settings: dict[str, str], hubs: EventHubsServer, azurite: Azurite, hold: Path
) -> None:
    hold.touch()
    host = start_host("holding", {**settings, "HUB": "stopped"}).start()
    send(hubs, "stopped", ["under way"])
    eventually(lambda: host.recorded("begins"))
    assert host.process is not None
    host.process.terminate()
    eventually(lambda: not host.takes_connections())
    send(hubs, "stopped", ["too late"])
    assert host.process.poll() is None, "it waits for the batch under way"
    hold.unlink()
    assert host.wait() == 0
    assert bodies(host, "ends") == ["under way"]
    assert checkpoint(azurite, hubs, "stopped") is None
    assert owners(azurite, hubs, "stopped") == [None]


def test_a_batch_that_outlasts_the_grace_period_is_abandoned(
    start_host: StartHost, settings: dict[str, str], hubs: EventHubsServer, azurite: Azurite, hold: Path
) -> None:
    hold.touch()
    host = start_host("holding", {**settings, "HUB": "late"}, ["--grace-seconds", "0.2"]).start()
    send(hubs, "late", ["never ends"])
    eventually(lambda: host.recorded("begins"))
    assert host.stop() == 3
    assert checkpoint(azurite, hubs, "late") is None


@pytest.mark.observed("events: a policy without end goes on until it succeeds, and says -1")
def test_retries_without_end_go_on_until_the_function_succeeds_and_stop_with_the_host(
    start_host: StartHost, settings: dict[str, str], hubs: EventHubsServer, azurite: Azurite, fail: Path
) -> None:
    fail.touch()
    host = start_host("holding", {**settings, "HUB": "endless"}).start()
    send(hubs, "endless", ["stubborn"])
    eventually(lambda: len(host.recorded("begins")) > 2)
    assert checkpoint(azurite, hubs, "endless") is None
    assert host.stop() == 0
    assert checkpoint(azurite, hubs, "endless") is None
    second = start_host("holding", {**settings, "HUB": "endless"}).start()
    eventually(lambda: len(second.recorded("begins")) > 1)
    fail.unlink()
    eventually(lambda: checkpoint(azurite, hubs, "endless") == 0)
    calls = second.recorded("begins")
    assert [call["retry"] for call in calls] == list(range(len(calls)))
    assert len({call["invocation"] for call in calls}) == 1
    assert bodies(second, "ends") == ["stubborn"]


@pytest.mark.observed("events: what cannot be converted holds its partition where retries never end")
def test_an_event_that_cannot_be_converted_holds_its_partition_for_ever_where_retries_never_end(
    start_host: StartHost, settings: dict[str, str], hubs: EventHubsServer, azurite: Azurite
) -> None:
    host = start_host("holding", {**settings, "HUB": "stuck"}).start()
    send_value(hubs, "stuck", "no section of data")
    send(hubs, "stuck", ["good"])
    eventually(lambda: host.log.read_text().count("has no data section") > 3)
    assert host.recorded("begins") == []
    assert checkpoint(azurite, hubs, "stuck") is None


@pytest.mark.observed("events: retries end when the partition is lost")
def test_retries_end_when_their_partition_goes_elsewhere(
    start_host: StartHost, settings: dict[str, str], hubs: EventHubsServer, azurite: Azurite, fail: Path
) -> None:
    """Else the old owner would go on beside the new one. Here nobody is the new one, so the host takes it back."""
    fail.touch()
    host = start_host("holding", {**settings, "HUB": "taken"}).start()
    send(hubs, "taken", ["stubborn"])
    eventually(lambda: len(host.recorded("begins")) > 2)
    first = host.recorded("begins")[0]["invocation"]
    take_over(azurite, hubs, "taken", "another host")
    eventually(lambda: len({call["invocation"] for call in host.recorded("begins")}) > 1)
    eventually(lambda: host.recorded("begins")[-1]["retry"] > 1)
    invocations = [call["invocation"] for call in host.recorded("begins")]
    assert first not in invocations[invocations.count(first) :], "no attempt of the old one after the new one's first"
    assert checkpoint(azurite, hubs, "taken") is None


@pytest.mark.observed("events: an overrun ends the process, and the batch comes again with its attempts counted on")
def test_a_function_that_never_ends_takes_the_process_with_it_and_is_counted_on_in_the_next(
    start_host: StartHost, connections: dict[str, str], hubs: EventHubsServer, azurite: Azurite
) -> None:
    quickly = ["--timeout-grace-seconds", "0.2"]
    only = {"AzureWebJobs.hangs.Disabled": "true"}
    host = start_host("overruns", {**connections, **only}, quickly).start()
    send(hubs, "overran", ["bad"])
    assert host.wait() == 4
    for _ in range(2):
        assert checkpoint(azurite, hubs, "overran") is None
        assert host.start().wait() == 4
    calls = host.recorded("hangs_again")
    assert [call["retry"] for call in calls] == [0, 1, 2]
    assert len({call["pid"] for call in calls}) == 3
    host.start()
    send(hubs, "overran", ["good"])
    eventually(lambda: checkpoint(azurite, hubs, "overran") == 1)
    assert bodies(host, "hangs_again")[-1] == "good"


def test_a_function_without_retries_that_never_ends_is_passed_over(
    start_host: StartHost, connections: dict[str, str], hubs: EventHubsServer, azurite: Azurite
) -> None:
    only = {"AzureWebJobs.hangs_again.Disabled": "true"}
    host = start_host("overruns", {**connections, **only}, ["--timeout-grace-seconds", "0.2"]).start()
    send(hubs, "overrun", ["bad"])
    assert host.wait() == 4
    assert checkpoint(azurite, hubs, "overrun") == 0


@pytest.mark.observed("host.json: the first part of a batch is given at once, and a stop writes a checkpoint")
def test_a_batch_waits_for_its_minimum_size_but_not_for_ever(
    start_host: StartHost, settings: dict[str, str], hubs: EventHubsServer, azurite: Azurite
) -> None:
    batching = {f"{_BATCHING}minEventBatchSize": "3", f"{_BATCHING}maxWaitTime": "00:00:05"}
    host = start_host("holding", {**settings, **batching, "HUB": "batched"}).start()
    send(hubs, "batched", ["1", "2", "3"], together=False)
    eventually(lambda: checkpoint(azurite, hubs, "batched") == 2)
    send(hubs, "batched", ["alone"])
    eventually(lambda: checkpoint(azurite, hubs, "batched") == 3)
    assert [call["bodies"] for call in host.recorded("begins")] == [["1", "2", "3"], ["alone"]]


@pytest.mark.observed("events: a checkpoint follows every nth batch, and says so in the context")
def test_the_checkpoint_is_written_every_nth_batch(
    start_host: StartHost, settings: dict[str, str], hubs: EventHubsServer, azurite: Azurite
) -> None:
    batching = {f"{_BATCHING}maxEventBatchSize": "1", f"{_BATCHING}batchCheckpointFrequency": "2"}
    host = start_host("holding", {**settings, **batching, "HUB": "rare"}).start()
    send(hubs, "rare", ["1", "2", "3"])
    eventually(lambda: len(host.recorded("ends")) == 3)
    eventually(lambda: checkpoint(azurite, hubs, "rare") == 1)


def test_two_hosts_share_the_partitions_and_one_takes_over_when_the_other_stops(
    start_host: StartHost, settings: dict[str, str], hubs: EventHubsServer, azurite: Azurite
) -> None:
    both = [start_host("holding", {**settings, "HUB": "shared"}).launch() for _ in range(2)]
    for host in both:
        host.wait_until_ready()
    eventually(lambda: len(set(owners(azurite, hubs, "shared"))) == 2)
    assert both[0].stop() == 0
    send(hubs, "shared", [f"batch {n}" for n in range(8)], together=False)
    eventually(lambda: len(bodies(both[1], "ends")) == 8)
    assert {call["partition"] for call in both[1].recorded("begins")} == set("0123")


def test_the_hosts_outlive_a_restart_of_the_hub(
    hubs_host: RunningHost, hubs: EventHubsServer, azurite: Azurite
) -> None:
    send(hubs, "many", ["before"], partition="0")
    eventually(lambda: "before" in [event["body"] for call in hubs_host.recorded("many") for event in call["events"]])
    hubs.kill()
    hubs.start()
    send(hubs, "many", ["after"], partition="0")
    eventually(lambda: "after" in [event["body"] for call in hubs_host.recorded("many") for event in call["events"]])
    seen = [(e["body"], e["sequence_number"]) for c in hubs_host.recorded("many") for e in c["events"]]
    assert seen.count(("before", dict(seen)["before"])) == 1
