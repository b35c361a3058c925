"""Timer functions against a real lease and a real status blob."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from azure.storage.blob import BlobServiceClient

from infra.local.functions_host.timers.schedule import parse_schedule
from infra.local.functions_host.timers.status import ScheduleStatus
from tests.local.functions_host.conftest import StartHost
from tests.support.azurite import Azurite
from tests.support.eventually import eventually


@pytest.fixture
def settings(connections: dict[str, str]) -> dict[str, str]:
    return {**connections, "EVERY_SECOND": "* * * * * *"}


def only(*functions: str) -> dict[str, str]:
    """Settings that switch every other timer off."""
    others = {"every_second", "yearly", "at_start", "slow", "failing"} - set(functions)
    return {f"AzureWebJobs.{name}.Disabled": "1" for name in others}


def write_status(azurite: Azurite, function: str, status: ScheduleStatus) -> None:
    hosts = BlobServiceClient.from_connection_string(azurite.connection_string).get_container_client(
        "azure-webjobs-hosts"
    )
    if not hosts.exists():
        hosts.create_container()
    blob = hosts.get_blob_client(f"timers/timers/Host.Functions.{function}/status")
    blob.upload_blob(json.dumps(status.to_json()), overwrite=True)


def test_timers_fire_on_schedule_at_start_and_after_failures_one_after_the_other(
    start_host: StartHost, settings: dict[str, str]
) -> None:
    host = start_host("timers", settings | only("every_second", "at_start", "slow", "failing")).start()
    eventually(lambda: len(host.recorded("every_second")) >= 6 and len(host.recorded("slow ends")) >= 3)
    assert host.stop() == 0
    calls = host.recorded("failing")[:4]
    assert [call["retry"] for call in calls] == [0, 1, 0, 1], "its retries are over, and its schedule goes on"
    assert calls[0]["invocation"] == calls[1]["invocation"] != calls[2]["invocation"]
    first, second = host.recorded("every_second")[:2]
    at = [call["at"] for call in host.recorded("every_second")]
    assert len(at) <= at[-1] - at[0] + 2.5, "not more often than every second, though the first may have come late"
    assert first["past_due"] is False
    assert first["invocation"] != second["invocation"]
    assert len(host.recorded("at_start")) == 1
    assert host.recorded("yearly") == []
    order = [entry["what"] for entry in host.recorded() if entry["what"].startswith("slow")]
    assert order == ["slow begins", "slow ends"] * (len(order) // 2), "it never overlaps itself, nor is it cut off"


@pytest.mark.observed(
    "timers: one run makes up for all that was missed, and is late",
    "timers: status and lease lie in blobs, under the names of the real host",
)
def test_a_missed_occurrence_is_made_up_for_once_and_a_timer_can_be_run_by_hand(
    start_host: StartHost, settings: dict[str, str], azurite: Azurite
) -> None:
    schedule = parse_schedule("yearly", "0 0 0 1 1 *")
    last = datetime.now(UTC) - timedelta(days=3 * 366)
    write_status(azurite, "yearly", ScheduleStatus(last, schedule.next_after(last), last))
    host = start_host("timers", settings | only("yearly")).start()
    (call,) = eventually(lambda: host.recorded("yearly"))
    assert call["past_due"] is True
    assert datetime.fromisoformat(call["status"]["Next"]) == schedule.next_after(last)
    assert host.stop() == 0
    again = start_host("timers", settings | only("yearly", "at_start")).start()
    eventually(lambda: again.recorded("at_start"))
    assert again.recorded("yearly") == []
    master = [("x-functions-key", json.loads(again.keys.read_text())["master"])]
    assert again.call("POST", "/admin/functions/yearly", body=b"{}", headers=master)[0] == 202
    (by_hand,) = eventually(lambda: again.recorded("yearly"))
    assert by_hand["past_due"] is False


def test_one_of_two_hosts_runs_a_timer_and_the_other_takes_over(
    start_host: StartHost, settings: dict[str, str]
) -> None:
    hosts = [start_host("timers", settings | only("every_second")).launch() for _ in range(2)]
    for host in hosts:
        host.wait_until_ready()
    eventually(lambda: any(len(host.recorded()) >= 2 for host in hosts))
    follower, leader = sorted(hosts, key=lambda host: len(host.recorded()))
    assert follower.recorded() == []
    assert leader.stop() == 0
    eventually(lambda: follower.recorded("every_second"))
