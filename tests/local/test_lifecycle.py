"""Up, down and status as a person calls them; every test has a system of its own in a folder of its own."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from azure.data.tables import TableServiceClient
from azure.eventhub import EventData, EventHubConsumerClient, EventHubProducerClient

from infra.local import lifecycle, topology
from infra.local.ports import choose
from infra.local.state import State, write_private
from infra.local.sweep import marked, runs
from tests.support.eventually import eventually


def folder_with_free_ports(folder: Path) -> Path:
    """Have it remember ports that are free, so that no other system on this machine is met."""
    state = State(ports=choose(dict.fromkeys(topology.USUAL_PORTS, 0), {}))
    write_private(folder / "state.json", state.model_dump_json())
    return folder


@pytest.fixture
def run_dir(tmp_path: Path) -> Iterator[Path]:
    """A folder for one test."""
    yield folder_with_free_ports(tmp_path)
    lifecycle.down(tmp_path)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a system that runs already."""
    folder = folder_with_free_ports(tmp_path_factory.mktemp("running"))
    up(folder)
    yield folder
    lifecycle.down(folder)


def local(run_dir: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "infra.local", *arguments, "--run-dir", str(run_dir)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def up(run_dir: Path, *arguments: str) -> dict[str, Any]:
    done = local(run_dir, "up", "--detach", *(arguments or ("--apps", "none")))
    assert done.returncode == 0, done.stderr
    return document(run_dir)


def document(run_dir: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((run_dir / "run.json").read_text())
    return read


def process_ids(read: dict[str, Any]) -> dict[str, int]:
    return {name: report["pid"] for name, report in read["processes"].items()}


def nothing_runs(run_dir: Path) -> Callable[[], bool]:
    return lambda: not marked(lifecycle.mark(run_dir))


def write_row(read: dict[str, Any], key: str) -> None:
    with TableServiceClient.from_connection_string(read["connection_strings"]["storage"]["root"]) as tables:
        tables.get_table_client("ledger").upsert_entity({"PartitionKey": "p", "RowKey": key})


def row_keys(read: dict[str, Any]) -> list[str]:
    with TableServiceClient.from_connection_string(read["connection_strings"]["storage"]["root"]) as tables:
        return [row["RowKey"] for row in tables.get_table_client("ledger").list_entities()]


def test_status_shows_every_process_and_every_endpoint_answers(running: Path) -> None:
    shown = local(running, "status")
    assert shown.returncode == 0
    read = document(running)
    assert {"supervisor", "azurite", "event_hubs", "azure_ml"} == set(process_ids(read))
    for name, process_id in process_ids(read).items():
        assert runs(process_id)
        began = datetime.fromisoformat(read["processes"][name]["started_at"]).astimezone()
        shown_line = next(line for line in shown.stdout.splitlines() if line.startswith(f"{name} "))
        assert f"since {began:%d %b %H:%M:%S} " in shown_line
        assert f"process {process_id}" in shown_line
    for app in topology.APPS:
        read["endpoints"].pop(app)  # they do not run here
    for url in read["endpoints"].values():
        address = urlsplit(url)
        socket.create_connection((address.hostname or "", address.port or 0), timeout=120).close()


def test_the_first_connection_string_opens_everything_for_the_real_sdk(running: Path) -> None:
    hubs = document(running)["connection_strings"]["event_hubs"]
    name, root = next(iter(hubs.items()))
    assert name == "root"
    with EventHubProducerClient.from_connection_string(root, eventhub_name="labels") as producer:
        producer.send_batch([EventData("the truth")], partition_id="0")
    received: list[str] = []

    def note(context: Any, event: EventData | None) -> None:
        received.extend([event.body_as_str()] if event else [])
        consumer.close()

    consumer = EventHubConsumerClient.from_connection_string(root, "observers", eventhub_name="labels")
    consumer.receive(note, partition_id="0", starting_position="-1", max_wait_time=20)
    assert received == ["the truth"]


def test_files_with_keys_are_for_their_owner_only(running: Path) -> None:
    with_keys = [running / "run.json", running / "state.json", running / "azure_ml" / "config.json"]
    with_keys += [running / "event_hubs" / "keys.json", running / "certificates" / "server.key"]
    assert [path.name for path in with_keys if path.stat().st_mode & 0o077] == []


def test_logs_and_databases_are_for_their_owner_only(running: Path) -> None:
    folders = [running / name for name in ("logs", "azurite", "event_hubs", "azure_ml")]
    written = [path for folder in folders for path in folder.rglob("*")]
    assert {path.parent.relative_to(running).parts[0] for path in written if path.is_file()} >= {"logs", "azurite"}
    assert [path for path in (running, *written) if path.stat().st_mode & 0o077] == []


def test_a_killed_component_comes_back_and_run_json_says_so(running: Path) -> None:
    read = document(running)
    os.kill(read["processes"]["event_hubs"]["pid"], signal.SIGKILL)

    def back() -> bool:
        report = document(running)["processes"]["event_hubs"]
        return bool(report["restarts"] == 1 and report["state"] == "ready")

    eventually(back)
    assert document(running)["processes"]["event_hubs"]["pid"] != read["processes"]["event_hubs"]["pid"]


def test_a_killed_supervisor_takes_everything_with_it_and_the_next_start_keeps_data_and_ports(run_dir: Path) -> None:
    read = up(run_dir)
    write_row(read, "written before the kill")
    os.kill(read["processes"]["supervisor"]["pid"], signal.SIGKILL)
    eventually(nothing_runs(run_dir))
    assert local(run_dir, "status").returncode == 1
    again = up(run_dir)
    assert again["endpoints"] == read["endpoints"]
    assert row_keys(again) == ["written before the kill"]


def test_down_finds_what_is_left_when_nobody_could_clean_up(run_dir: Path) -> None:
    up(run_dir)
    by_role = {role: process for process, role in marked(lifecycle.mark(run_dir)).items()}
    by_role["warden"].kill()  # first, or it would begin to clean up
    by_role["supervisor"].kill()
    (run_dir / "run.json").unlink()
    stopped = local(run_dir, "down")
    for name in ("azurite", "event_hubs", "azure_ml"):
        assert f"ended {name}" in stopped.stdout
    assert nothing_runs(run_dir)()


def test_a_second_up_replaces_the_first_and_fresh_forgets_data_and_keys(run_dir: Path) -> None:
    first = up(run_dir)
    write_row(first, "old")
    second = up(run_dir, "--fresh", "--apps", "none")
    assert not any(runs(process_id) for process_id in process_ids(first).values())
    assert all(runs(process_id) for process_id in process_ids(second).values())
    assert row_keys(second) == []
    assert second["connection_strings"]["event_hubs"]["root"] != first["connection_strings"]["event_hubs"]["root"]


def test_a_busy_port_is_left_to_its_owner(run_dir: Path) -> None:
    wanted = State.model_validate_json((run_dir / "state.json").read_bytes()).ports["event_hubs"]
    with socket.create_server(("127.0.0.1", wanted)):
        endpoint = up(run_dir)["endpoints"]["event_hubs"]
    assert not endpoint.endswith(f":{wanted}")


def test_down_stops_everything_and_says_so(run_dir: Path) -> None:
    up(run_dir)
    stopped = local(run_dir, "down")
    assert stopped.returncode == 0
    assert "ended supervisor" in stopped.stdout
    assert nothing_runs(run_dir)()
    assert not (run_dir / "run.json").exists()
    assert local(run_dir, "status").returncode == 3


def test_ctrl_c_in_the_foreground_ends_everything_in_order(run_dir: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "infra.local", "up", "--apps", "none", "--run-dir", str(run_dir)]
    with (tmp_path / "terminal").open("wb") as terminal:
        foreground = subprocess.Popen(command, stdout=terminal, stderr=terminal)
        eventually(lambda: (run_dir / "run.json").exists() and document(run_dir)["ready"])
        foreground.send_signal(signal.SIGINT)
        assert foreground.wait(timeout=120) == 0
    assert "stopping" in (tmp_path / "terminal").read_text()
    assert nothing_runs(run_dir)()
    assert not (run_dir / "run.json").exists()


def test_ctrl_c_before_it_is_ready_ends_everything_too(run_dir: Path) -> None:
    command = [sys.executable, "-m", "infra.local", "up", "--apps", "none", "--run-dir", str(run_dir)]
    foreground = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    eventually(lambda: (run_dir / "run.json").exists())
    foreground.send_signal(signal.SIGINT)
    assert foreground.wait(timeout=120) == 0
    assert nothing_runs(run_dir)()


def test_a_start_that_fails_says_why_and_leaves_nothing(run_dir: Path) -> None:
    (run_dir / "azurite").write_text("not a folder")
    failed = local(run_dir, "up", "--detach", "--apps", "none")
    assert failed.returncode == 1
    [sentence] = failed.stderr.splitlines()
    assert sentence.startswith("local: azurite did not become ready: ")
    assert sentence.endswith(f". The log: {run_dir}/logs/azurite.log")
    assert "starting azurite, event_hubs" in failed.stdout
    assert nothing_runs(run_dir)()


def test_a_folder_that_cannot_be_used_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for flag in ("--detach", "--fresh"):
        failed = local(tmp_path / "file" / "run", "up", flag)
        assert failed.returncode == 1
        [sentence] = failed.stderr.splitlines()
        assert "cannot be used" in sentence
        assert "Name another folder with --run-dir" in sentence


def test_keys_of_another_time_are_one_sentence(run_dir: Path) -> None:
    (run_dir / "state.json").write_text('{"ports": ')
    failed = local(run_dir, "up", "--apps", "none")
    [sentence] = failed.stderr.splitlines()
    assert (
        sentence == f"local: {run_dir}/state.json cannot be read. Begin with new keys and no data: make up ARGS=--fresh"
    )


def test_while_something_starts_status_says_so_and_fails_nobody(run_dir: Path) -> None:
    command = [sys.executable, "-m", "infra.local", "up", "--apps", "none", "--run-dir", str(run_dir)]
    foreground = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    eventually(lambda: (run_dir / "run.json").exists())
    os.kill(foreground.pid, signal.SIGSTOP)  # so that it does not become ready while we look
    shown = local(run_dir, "status")
    os.kill(foreground.pid, signal.SIGCONT)
    foreground.send_signal(signal.SIGINT)
    assert foreground.wait(timeout=120) == 0
    assert re.search(r"^supervisor +starting +since ", shown.stdout, re.MULTILINE)
    assert shown.returncode == 4


def test_ctrl_c_while_it_starts_detached_leaves_nothing(run_dir: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "infra.local", "up", "--detach", "--apps", "none", "--run-dir", str(run_dir)]
    with (tmp_path / "terminal").open("wb") as terminal:
        detaching = subprocess.Popen(command, stdout=terminal, stderr=terminal)
        eventually(lambda: "starting azurite" in (tmp_path / "terminal").read_text())
        detaching.send_signal(signal.SIGINT)
        assert detaching.wait(timeout=120) == 130
    assert (tmp_path / "terminal").read_text().splitlines()[-1] == "local: stopped"
    assert nothing_runs(run_dir)()


def test_a_setting_that_names_no_app_is_refused(run_dir: Path) -> None:
    refused = local(run_dir, "up", "--set", "CAPTURE_SAMPLING=1")
    assert refused.returncode == 1
    assert "--set wants APP.NAME=VALUE" in refused.stderr


@pytest.mark.journey
def test_the_whole_system_with_every_app_that_exists(run_dir: Path) -> None:
    read = up(run_dir, "--set", "scoring.CAPTURE_SAMPLING=0.25")
    apps = {app for app in topology.APPS if (Path("function_app") / app / "function_app.py").exists()}
    assert apps <= set(read["processes"])
    assert {report["state"] for report in read["processes"].values()} == {"ready"}
    assert all(report["restarts"] == 0 for report in read["processes"].values())
