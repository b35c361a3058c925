"""Restarts: what was acknowledged is kept, what ran has failed, what waited runs, queued events are sent."""

import signal
from pathlib import Path
from typing import Any

import psutil
import pytest
from azure.ai.ml import command
from azure.ai.ml.entities import ManagedOnlineEndpoint, Model

from tests.local.azure_ml.emulator_process import ENVIRONMENT, Certificates, EmulatorProcess, configuration
from tests.local.azure_ml.inbox import Inbox
from tests.support.azurite import Azurite
from tests.support.eventhubs import EventHubsServer
from tests.support.eventually import eventually

pytestmark = [pytest.mark.local_only, pytest.mark.faults]


def _job(name: str, text: str) -> Any:
    return command(name=name, command=text, environment=f"azureml:{ENVIRONMENT}:1", experiment_name="tests")


def test_a_crash_loses_nothing_acknowledged_and_fails_what_ran(
    tmp_path: Path, azurite: Azurite, certificates: Certificates, connect: Any, name: str
) -> None:
    config = configuration(azurite.connection_string, None, max_running_jobs=1)
    emulator = EmulatorProcess(tmp_path / "emulator", config, certificates).start()
    try:
        ml = connect(emulator)
        path = "azureml://datastores/workspaceblobstore/paths/p/"
        ml.models.create_or_update(Model(name=name, version="1", path=path, tags={"a": "b"}, type="custom_model"))
        ml.jobs.create_or_update(_job(f"{name}-runs", f"exec -a {name}-sleeper sleep 1000"))
        eventually(lambda: _sleepers(name))
        ml.jobs.create_or_update(_job(f"{name}-waits", "true"))
        emulator.wait_for_job(f"{name}-waits", "Queued")

        emulator.end(signal.SIGKILL)
        emulator.start()

        ended = emulator.wait_for_job(f"{name}-runs")
        assert (ended["status"], ended["error"]["code"]) == ("Failed", "NodeLost")
        eventually(lambda: not _sleepers(name))
        assert emulator.wait_for_job(f"{name}-waits")["status"] == "Completed"
        assert connect(emulator).models.get(name, "1").tags == {"a": "b"}
    finally:
        emulator.end()


def _sleepers(name: str) -> list[psutil.Process]:
    found = psutil.process_iter(["cmdline"])
    return [each for each in found if (each.info["cmdline"] or [""])[0] == f"{name}-sleeper"]


def test_an_operation_under_way_is_finished_after_a_crash(
    tmp_path: Path, azurite: Azurite, certificates: Certificates, connect: Any, name: str
) -> None:
    config = configuration(azurite.connection_string, None, operations="long_running")
    emulator = EmulatorProcess(tmp_path / "emulator", config, certificates).start()
    try:
        connect(emulator).online_endpoints.begin_create_or_update(ManagedOnlineEndpoint(name=name, auth_mode="key"))
        emulator.end(signal.SIGKILL)
        emulator.start()
        ml = connect(emulator)
        eventually(lambda: ml.online_endpoints.get(name).provisioning_state == "Succeeded")
    finally:
        emulator.end()


def test_events_survive_a_crash_of_the_emulator(
    tmp_path: Path, azurite: Azurite, certificates: Certificates, connect: Any, name: str
) -> None:
    with EventHubsServer(tmp_path / "hub", {"inbound": 1}) as hub:
        config = configuration(azurite.connection_string, hub.connection_string("inbound"))
        emulator = EmulatorProcess(tmp_path / "emulator", config, certificates).start()
        try:
            emulator.admin("POST", "/admin/events", {"withhold": "*"})
            path = "azureml://datastores/workspaceblobstore/paths/p/"
            connect(emulator).models.create_or_update(Model(name=name, version="1", path=path, type="custom_model"))
            emulator.end(signal.SIGKILL)
            emulator.start()
            assert emulator.admin("POST", "/admin/events/release") == {"released": 1}
            with Inbox(hub.connection_string("inbound")) as inbox:
                assert inbox.wait(name, "ModelRegistered")[0]["data"]["ModelName"] == name
        finally:
            emulator.end()
