"""The command line: mistakes end it with a message, signals end it cleanly."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.eventhubs import REPOSITORY, EventHubsServer, HubSpec, StartEventHubs, emulator_config

pytestmark = pytest.mark.local_only


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "infra.local.eventhubs", *arguments]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=120, check=False)


def test_help_states_the_fsync_policies() -> None:
    shown = run("--help").stdout
    assert all(word in shown for word in ("none", "interval", "batch", "power cut", "--keys"))


def test_a_mistake_in_the_config_is_named(tmp_path: Path) -> None:
    config = tmp_path / "Config.json"
    config.write_text(json.dumps(emulator_config([HubSpec("events", 99)])))
    ended = run("--config", str(config), "--data", str(tmp_path / "data"))
    assert ended.returncode == 2
    assert "Entities[0].PartitionCount: 1 to 32" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_second_server_on_the_same_data_is_refused(start_eventhubs: StartEventHubs) -> None:
    server = start_eventhubs({"events": 1})
    config = str(server.directory / "Config.json")
    ended = run("--config", config, "--data", str(server.data), "--port", "0", "--http-port", "0")
    assert ended.returncode == 2
    assert "another server uses" in ended.stderr


def test_a_taken_port_is_reported(start_eventhubs: StartEventHubs, tmp_path: Path) -> None:
    server = start_eventhubs({"events": 1})
    config = str(server.directory / "Config.json")
    ended = run("--config", config, "--data", str(tmp_path / "other"), "--port", str(server.port), "--http-port", "0")
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr


def test_a_hub_does_not_shrink(tmp_path: Path) -> None:
    with EventHubsServer(tmp_path, {"events": 4}):
        pass
    config = tmp_path / "Config.json"
    config.write_text(json.dumps(emulator_config([HubSpec("events", 2)])))
    ended = run("--config", str(config), "--data", str(tmp_path / "data"), "--port", "0", "--http-port", "0")
    assert ended.returncode == 2
    assert "PartitionCount 2 is less than the 4" in ended.stderr


def test_it_says_when_it_is_ready_and_stops_cleanly(start_eventhubs: StartEventHubs) -> None:
    server = start_eventhubs({"events": 1})
    line = server.log.read_text()
    assert line == f"Event Hubs ready: amqp=127.0.0.1:{server.port} http={server.admin_url} pid={server.pid}\n"
    assert server.stop() == 0
    assert not (server.data / "endpoint.json").exists()
