"""`sluice doctor` beside a real local system: well, then broken one thing after the other, and mended."""

import asyncio
import json
import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from azure.data.tables import TableServiceClient
from azure.eventhub import EventData, EventHubProducerClient
from azure.storage.blob import BlobServiceClient
from typer.testing import CliRunner, Result

from function_app.operator.__main__ import app
from infra.local import lifecycle
from shared.adapters.azure.event_hubs.reader import EventHubReader
from shared.adapters.azure.storage.account import storage_clients
from shared.adapters.azure.storage.lane_book import TableLaneBook
from shared.adapters.azure.storage.positions import TablePositions
from shared.ports import Place, Position, Stop
from tests.local.test_lifecycle import document, folder_with_free_ports, up
from tests.support.builders import NOW
from tests.support.eventually import eventually

pytestmark = [pytest.mark.journey, pytest.mark.local_only]


@dataclass
class System:
    """A local system with control, and `sluice` beside it."""

    folder: Path

    def sluice(self, *arguments: str) -> Result:
        """In this process: most of what a call takes is its imports."""
        return CliRunner().invoke(app, [*arguments, "--run-dir", str(self.folder)])

    def doctor(self, *arguments: str) -> tuple[int, dict[str, str], str]:
        """Exit code, the verdict of each check, and all findings with their repairs as one text."""
        done = self.sluice("doctor", *arguments, "--json", "--timeout", "120")
        assert done.exit_code in (0, 1), done.stderr
        checks = json.loads(done.stdout)["checks"]
        return done.exit_code, {each["check"]: each["verdict"] for each in checks}, json.dumps(checks)

    def connection(self, kind: str, name: str) -> str:
        return str(document(self.folder)["connection_strings"][kind][name])

    def recreate(self, hub: str) -> None:
        """As deleting a hub and creating it again does."""
        before = document(self.folder)["processes"]["event_hubs"]
        shutil.rmtree(self.folder / "event_hubs" / "data" / "hubs" / hub)
        os.kill(before["pid"], signal.SIGKILL)

        def back() -> bool:
            now = document(self.folder)["processes"]["event_hubs"]
            return bool(now["restarts"] > before["restarts"] and now["state"] == "ready")

        eventually(back)

    def delivered(self, hub: str) -> list[str]:
        """The host's checkpoints in this hub."""
        with BlobServiceClient.from_connection_string(self.connection("storage", "controlhost")) as blobs:
            names = [blob.name for blob in blobs.get_container_client("azure-webjobs-eventhub").list_blobs()]
        return [name for name in names if f"/{hub}/" in name and "/checkpoint/" in name]


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    folder = folder_with_free_ports(tmp_path_factory.mktemp("doctor"))
    up(folder, "--apps", "control")
    yield System(folder)
    lifecycle.down(folder)


def test_a_system_that_is_well_is_found_well(system: System) -> None:
    """As soon as control's timer has run for the first time."""
    asked: list[tuple[int, dict[str, str], str]] = []

    def well() -> bool:
        asked.append(system.doctor())
        return asked[-1][0] == 0

    eventually(well)
    _, verdicts, found = asked[-1]
    # Control alone runs here, and is tried as the identity that it has; of the others there are no settings.
    assert verdicts.pop("identities") == "warning"
    assert [app for app in ("control", "gateway", "scoring") if f"no right of {app}" in found] == ["gateway", "scoring"]
    assert "was not tried" not in found
    assert set(verdicts.values()) == {"ok"}, found
    assert len(verdicts) == 14


def test_a_hub_that_was_recreated_is_found_and_mended_and_control_obeys_again(system: System) -> None:
    assert system.sluice("pause", "all", "--reason", "x", "--wait", "--timeout", "120").exit_code == 0
    eventually(lambda: system.delivered("decisions"))
    system.recreate("decisions")
    code, verdicts, found = system.doctor("checkpoints", "hubs", "positions")
    assert (code, verdicts) == (1, {"checkpoints": "broken", "hubs": "ok", "positions": "ok"}), found
    assert "checkpoint of commands in decisions/" in found
    before = system.delivered("events")
    mended = system.sluice("doctor", "checkpoints", "--fix", "--yes")
    assert mended.exit_code == 0, mended.stdout + mended.stderr
    assert "done: forget the host's checkpoint of commands in decisions/" in mended.stdout
    assert (system.delivered("decisions"), set(before) <= set(system.delivered("events"))) == ([], True)
    assert system.sluice("resume", "all", "--reason", "x", "--wait", "--timeout", "120").exit_code == 0


def test_a_position_beyond_its_hub_is_set_back(system: System) -> None:
    place = Place("a reader of yesterday", "labels", 1)

    async def write() -> None:
        clients = storage_clients(system.connection("storage", "control"))
        root = f"{system.connection('event_hubs', 'root')};EntityPath=labels"
        epoch = await EventHubReader({"labels": root}).epoch("labels")
        await TablePositions(clients.tables).move(place, None, Position(epoch, 4711))
        await clients.close()

    asyncio.run(write())
    code, verdicts, found = system.doctor("positions")
    assert (code, verdicts["positions"]) == (1, "broken")
    assert "stands at 4711, and the hub ends at -1" in found
    assert system.sluice("doctor", "positions", "--fix", "--yes").exit_code == 0


def test_a_lane_that_was_stopped_goes_on_by_the_command_that_is_named(system: System) -> None:
    async def stop() -> None:
        clients = storage_clients(system.connection("storage", "control"))
        await TableLaneBook(clients.tables).stop("measurement", Stop("a build", NOW, "KeyError"))
        await clients.close()

    asyncio.run(stop())
    code, verdicts, found = system.doctor("lanes")
    assert (code, verdicts["lanes"]) == (1, "broken")
    assert "sluice lanes resume measurement --reason" in found
    assert system.sluice("lanes", "resume", "measurement", "-r", "x", "--wait", "--timeout", "120").exit_code == 0
    assert system.doctor("lanes")[0] == 0


def test_what_nobody_could_read_is_a_warning(system: System) -> None:
    root = system.connection("event_hubs", "root")
    with EventHubProducerClient.from_connection_string(root, eventhub_name="inbound") as producer:
        producer.send_batch([EventData("neither JSON nor anything")])

    def told() -> bool:
        code, verdicts, found = system.doctor("dead-letters")
        return (code, verdicts["dead-letters"]) == (0, "warning") and "sluice dead-letters list" in found

    eventually(told)


def test_a_setting_that_nobody_resolved_is_named(system: System) -> None:
    settings = json.loads((system.folder / "settings" / "control.json").read_text())
    settings["Values"]["APPROVAL_SIGNING_KEY"] = "@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/k)"
    (system.folder / "unresolved.json").write_text(json.dumps(settings))
    given = f"control={system.folder / 'unresolved.json'}"
    code, verdicts, found = system.doctor("settings", "--settings", given)
    assert (code, verdicts["settings"]) == (1, "broken")
    assert "control: APPROVAL_SIGNING_KEY is a reference to a vault" in found


def test_another_policy_than_that_of_the_file_is_a_warning(system: System) -> None:
    (system.folder / "other.yaml").write_text("endpoints: {other: {model: other}}\n")
    _, verdicts, found = system.doctor("policy", "--policy", str(system.folder / "other.yaml"))
    assert verdicts["policy"] == "warning", found


def test_a_table_and_a_container_that_are_gone_are_named(system: System) -> None:
    root: Any = system.connection("storage", "root")
    with (
        TableServiceClient.from_connection_string(root) as tables,
        BlobServiceClient.from_connection_string(root) as blobs,
    ):
        tables.delete_table("brakes")
        blobs.delete_container("batch-out")
        code, _, found = system.doctor("storage")
        tables.create_table("brakes")
        blobs.create_container("batch-out")
    assert code == 1
    assert "table brakes is not there" in found
    assert "container batch-out is not there" in found


def test_a_namespace_that_does_not_answer_is_broken_and_hides_nothing_else(system: System) -> None:
    """The last one here: it comes back, and everything with it."""
    os.kill(document(system.folder)["processes"]["event_hubs"]["pid"], signal.SIGSTOP)
    try:
        done = system.sluice("doctor", "hubs", "storage", "--json", "--timeout", "5")
    finally:
        os.kill(document(system.folder)["processes"]["event_hubs"]["pid"], signal.SIGCONT)
    assert done.exit_code == 1
    checks = {each["check"]: each for each in json.loads(done.stdout)["checks"]}
    assert (checks["hubs"]["verdict"], checks["storage"]["verdict"]) == ("broken", "ok")
    eventually(lambda: system.doctor("hubs")[0] == 0)
