"""Administration over HTTP: what it lists, takes back and refuses."""

from collections.abc import Iterator

import pytest

from tests.local.eventhubs.admin_client import call
from tests.support.eventhubs import EventHubsServer

pytestmark = pytest.mark.local_only


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EventHubsServer]:
    with EventHubsServer(tmp_path_factory.mktemp("admin"), {"events": 1, "other": 1}) as running:
        yield running


def test_faults_are_listed_and_taken_back(server: EventHubsServer) -> None:
    url = f"{server.admin_url}/admin/faults"
    call(url, "POST", {"skip": {"hub": "other", "events": 7}, "withhold": {"hub": "*"}})
    _, faults = call(url)
    assert (faults["other"]["skip_events"], faults["events"]["skip_events"]) == (7, 0)
    assert faults["events"]["withheld"]
    _, cleared = call(url, "DELETE")
    assert cleared["other"]["skip_events"] == 0
    assert not cleared["events"]["withheld"]


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({"skip": {"hub": "none-such", "events": 1}}, 404, "none-such"),
        ({"skip": {"events": 1}}, 400, "skip.hub"),
        ({"skip": {"hub": "events", "events": -1}}, 400, "skip.events"),
        ({"explode": {"hub": "events"}}, 400, "explode"),
        ([], 400, "an object"),
    ],
)
def test_a_mistaken_fault_is_refused_by_name(server: EventHubsServer, body: object, status: int, message: str) -> None:
    answered, answer = call(f"{server.admin_url}/admin/faults", "POST", body)
    assert answered == status
    assert message in answer["error"]


def test_health_and_unknown_paths_answer(server: EventHubsServer) -> None:
    assert call(f"{server.admin_url}/health")[1]["status"] == "healthy"
    assert call(f"{server.admin_url}/nothing")[0] == 404
