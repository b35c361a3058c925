"""Events at the hub: as Event Grid delivers them, and withheld, doubled, delayed or late after an outage."""

from collections.abc import Iterator
from typing import Any

import pytest
from azure.ai.ml import command
from azure.ai.ml.entities import ManagedOnlineDeployment, ManagedOnlineEndpoint, Model
from azure.core.exceptions import HttpResponseError

from tests.local.azure_ml.emulator_process import (
    ENVIRONMENT,
    GROUP,
    SUBSCRIPTION,
    Certificates,
    EmulatorProcess,
    configuration,
)
from tests.local.azure_ml.inbox import Inbox
from tests.support.azurite import Azurite
from tests.support.eventhubs import EventHubsServer
from tests.support.eventually import eventually

pytestmark = pytest.mark.azure_untested
WORKSPACE = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.MachineLearningServices"
    "/workspaces/staging"
)
NORMAL: dict[str, Any] = {}


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EventHubsServer]:
    with EventHubsServer(tmp_path_factory.mktemp("hub"), {"inbound": 1}) as server:
        yield server


@pytest.fixture(scope="module")
def emulator(
    tmp_path_factory: pytest.TempPathFactory, azurite: Azurite, certificates: Certificates, hub: EventHubsServer
) -> Iterator[EmulatorProcess]:
    config = configuration(azurite.connection_string, hub.connection_string("inbound"))
    process = EmulatorProcess(tmp_path_factory.mktemp("azure_ml_events"), config, certificates).start()
    yield process
    process.end()


@pytest.fixture(scope="module")
def inbox(hub: EventHubsServer) -> Iterator[Inbox]:
    with Inbox(hub.connection_string("inbound")) as reading:
        yield reading


@pytest.fixture
def client(connect: Any, emulator: EmulatorProcess) -> Iterator[Any]:
    yield connect(emulator)
    emulator.admin("POST", "/admin/events", NORMAL)
    emulator.admin("POST", "/admin/events/release")
    emulator.admin("DELETE", "/admin/faults")


def _register(ml: Any, name: str, version: str = "1", **more: Any) -> None:
    path = "azureml://datastores/workspaceblobstore/paths/p/"
    ml.models.create_or_update(Model(name=name, version=version, path=path, type="custom_model", **more))


def _run(ml: Any, emulator: EmulatorProcess, name: str, text: str, **more: Any) -> None:
    ml.jobs.create_or_update(
        command(name=name, command=text, environment=f"azureml:{ENVIRONMENT}:1", experiment_name="tests", **more)
    )
    emulator.wait_for_job(name)


def test_a_registered_model_is_announced_as_documented(client: Any, inbox: Inbox, name: str) -> None:
    _register(client, name, "20", tags={"area": "diabetes"}, properties={"type": "test"})
    inbox.wait(name, "ModelRegistered")

    message = next(message for message in inbox.messages if name in message.event["subject"])
    assert isinstance(message.body, list)
    assert len(message.body) == 1
    assert message.partition_key == WORKSPACE.rpartition("/")[2]
    assert message.properties["aeg-event-type"] == "Notification"
    event = message.event
    assert set(event) == {"specversion", "id", "source", "type", "subject", "time", "data"}
    assert event["source"] == WORKSPACE
    assert event["type"] == "Microsoft.MachineLearningServices.ModelRegistered"
    assert event["subject"] == f"models/{name}:20"
    assert event["data"] == {
        "ModelName": name,
        "ModelVersion": 20,
        "ModelTags": {"area": "diabetes"},
        "ModelProperties": {"type": "test"},
    }


def test_only_a_new_version_is_announced(client: Any, inbox: Inbox, name: str) -> None:
    _register(client, name)
    client.models.archive(name, version="1")
    with pytest.raises(HttpResponseError):
        client.models.create_or_update(
            Model(name=name, version="1", path="azureml://datastores/workspaceblobstore/paths/q/", type="custom_model")
        )
    _register(client, name, "2")
    inbox.wait(name, "ModelRegistered", count=2)
    assert [event["data"]["ModelVersion"] for event in inbox.about(name)] == [1, 2]


def test_every_status_of_a_run_is_announced_in_order(
    client: Any, emulator: EmulatorProcess, inbox: Inbox, name: str
) -> None:
    _run(client, emulator, name, "true", tags={"sluice-correlationid": "c1"})
    completed = inbox.wait(name, "RunCompleted")
    changes = inbox.wait(name, "RunStatusChanged", count=6)

    statuses = ["NotStarted", "Queued", "Starting", "Running", "Finalizing", "Completed"]
    assert [event["data"]["runStatus"] for event in changes] == statuses
    data = completed[0]["data"]
    assert set(data) == {"experimentId", "experimentName", "runId", "runType", "runTags", "runProperties"}
    assert data["runId"] == name
    assert data["experimentName"] == "tests"
    assert data["runTags"] == {"sluice-correlationid": "c1"}
    assert completed[0]["subject"] == f"experiments/{data['experimentId']}/runs/{name}"


def test_a_failed_run_is_never_announced_as_completed(
    client: Any, emulator: EmulatorProcess, inbox: Inbox, name: str
) -> None:
    _run(client, emulator, name, "false")
    changes = inbox.wait(name, "RunStatusChanged", count=5)
    assert changes[-1]["data"]["runStatus"] == "Failed"
    _run(client, emulator, f"{name}-after", "true")
    inbox.wait(f"{name}-after", "RunCompleted")
    assert [event for event in inbox.about(name, "RunCompleted") if event["data"]["runId"] == name] == []


def test_a_deployment_that_succeeded_is_announced_and_a_failed_one_is_not(
    client: Any, emulator: EmulatorProcess, inbox: Inbox, name: str
) -> None:
    _register(client, name)
    client.online_endpoints.begin_create_or_update(ManagedOnlineEndpoint(name=name, auth_mode="key")).result()
    fault = {"match": {"method": "PUT", "path_regex": f"{name}/deployments/bad"}, "lro": "fail"}
    emulator.admin("POST", "/admin/faults", [fault])

    def deploy(deployment: str) -> None:
        wanted = ManagedOnlineDeployment(
            name=deployment, endpoint_name=name, model=f"azureml:{name}:1", environment="azureml:sluice-jobs:1"
        )
        client.online_deployments.begin_create_or_update(wanted).result()

    with pytest.raises(HttpResponseError):
        deploy("bad")
    deploy("good")

    events = inbox.wait(name, "ModelDeployed")
    assert len(events) == 1
    assert events[0]["subject"] == f"endpoints/{name}"
    assert events[0]["data"]["ModelIds"] == f"{name}:1"
    assert events[0]["data"]["ServiceName"] == name


@pytest.mark.local_only
def test_withheld_events_arrive_only_once_released(
    client: Any, emulator: EmulatorProcess, inbox: Inbox, name: str
) -> None:
    emulator.admin("POST", "/admin/events", {"withhold": ["RunCompleted"]})
    _run(client, emulator, name, "true")
    inbox.wait(name, "RunStatusChanged", count=6)
    assert inbox.about(name, "RunCompleted") == []
    report = emulator.admin("GET", "/admin/events")
    assert report["withheld"] == {"Microsoft.MachineLearningServices.RunCompleted": 1}

    assert emulator.admin("POST", "/admin/events/release") == {"released": 1}

    assert len(inbox.wait(name, "RunCompleted")) == 1
    assert emulator.admin("GET", "/admin/events")["withheld"] == {}


@pytest.mark.local_only
def test_doubled_events_arrive_twice_with_one_id(
    client: Any, emulator: EmulatorProcess, inbox: Inbox, name: str
) -> None:
    emulator.admin("POST", "/admin/events", {"double": "*"})
    _register(client, name)
    first, second = inbox.wait(name, "ModelRegistered", count=2)
    assert first == second
    assert emulator.admin("GET", "/admin/events")["doubled"]["Microsoft.MachineLearningServices.ModelRegistered"] >= 1


@pytest.mark.local_only
def test_delayed_events_are_overtaken(client: Any, emulator: EmulatorProcess, inbox: Inbox, name: str) -> None:
    emulator.admin("POST", "/admin/events", {"delay_s": 2.0, "types": ["ModelRegistered"]})
    _register(client, name)
    _run(client, emulator, f"{name}-job", "true")
    inbox.wait(name, "ModelRegistered")
    first = inbox.about(name)[0]
    assert (first["type"].rsplit(".")[-1], first["data"]["runStatus"]) == ("RunStatusChanged", "NotStarted")


@pytest.mark.faults
def test_events_of_an_outage_arrive_in_order_when_the_hub_is_back(
    client: Any, emulator: EmulatorProcess, hub: EventHubsServer, name: str
) -> None:
    hub.kill()
    for version in range(1, 6):
        _register(client, name, str(version))
    eventually(lambda: emulator.admin("GET", "/admin/events")["last_error"])
    hub.http_port = 0  # nobody needs the old one, and another process may have it by now
    hub.start()
    with Inbox(hub.connection_string("inbound")) as inbox:
        events = inbox.wait(name, "ModelRegistered", count=5)
    seen = list(dict.fromkeys(event["data"]["ModelVersion"] for event in events))
    assert seen == [1, 2, 3, 4, 5]
