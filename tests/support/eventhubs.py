"""A local Event Hubs server as a child process: start it on free ports, kill it, start it again on the same data."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from infra.local.certificates import Certificates
from tests.support.eventually import eventually

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class HubSpec:
    """One hub; `$Default` is always among its consumer groups."""

    name: str
    partitions: int = 4
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class AccessKey:
    """A shared access policy: `hub` is a hub's name or `*`, rights are among Send, Listen, Manage."""

    name: str
    key: str
    hub: str = "*"
    rights: tuple[str, ...] = ("Send", "Listen")


def emulator_config(hubs: Sequence[HubSpec]) -> dict[str, Any]:
    """The hubs in the schema of the official emulator's `Config.json`."""
    entities = [
        {"Name": hub.name, "PartitionCount": hub.partitions, "ConsumerGroups": [{"Name": name} for name in hub.groups]}
        for hub in hubs
    ]
    namespace = {"Type": "EventHub", "Name": "emulatorNs1", "Entities": entities}
    return {"UserConfig": {"NamespaceConfig": [namespace], "LoggingConfig": {"Type": "File"}}}


class EventHubsServer:
    """`python -m infra.local.eventhubs` over one directory; the ports survive `restart`, so clients reconnect.

    `keys` switches SAS verification on, `certificates` TLS and WebSockets; `arguments` are further command line
    arguments; `program` is what Python runs.
    """

    def __init__(
        self,
        directory: Path,
        hubs: Sequence[HubSpec] | Mapping[str, int],
        keys: Sequence[AccessKey] | None = None,
        arguments: Sequence[str] = (),
        certificates: Certificates | None = None,
        program: Sequence[str] = ("-m", "infra.local.eventhubs"),
    ) -> None:
        if isinstance(hubs, Mapping):
            hubs = [HubSpec(name, partitions) for name, partitions in hubs.items()]
        self.directory = directory
        self.data = directory / "data"
        self.log = directory / "server.log"
        self.keys = list(keys or ())
        self.port = 0
        self.http_port = 0
        self.tls_port = 0
        self.websocket_port = 0
        self._certificates = certificates
        self._program = list(program)
        self.process: subprocess.Popen[bytes] | None = None
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "Config.json").write_text(json.dumps(emulator_config(hubs)))
        self._arguments = list(arguments)
        if keys is not None:
            entries = [{"name": k.name, "key": k.key, "hub": k.hub, "rights": list(k.rights)} for k in keys]
            (directory / "keys.json").write_text(json.dumps(entries))
            self._arguments += ["--keys", str(directory / "keys.json")]

    def start(self) -> Self:
        """Return once the server accepts connections; raise `AssertionError` with its log when it ends instead."""
        command = [sys.executable, *self._program, "--config", str(self.directory / "Config.json")]
        command += ["--data", str(self.data), "--port", str(self.port), "--http-port", str(self.http_port)]
        if self._certificates is not None:
            files = self._certificates
            command += ["--certificate", str(files.certificate), "--certificate-key", str(files.key)]
            command += ["--tls-port", str(self.tls_port), "--websocket-port", str(self.websocket_port)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command + self._arguments, cwd=REPOSITORY, stdout=log, stderr=log)
        endpoint = eventually(self._endpoint) or {}
        self.port, self.http_port = endpoint["port"], endpoint["http_port"]
        self.tls_port, self.websocket_port = endpoint.get("tls_port", 0), endpoint.get("websocket_port", 0)
        return self

    def _endpoint(self) -> dict[str, int] | None:
        process = self._running()
        if process.poll() is not None:
            raise AssertionError(f"the server ended with {process.returncode}:\n{self.log.read_text()[-4000:]}")
        path = self.data / "endpoint.json"
        if not path.exists():
            return None
        endpoint: dict[str, int] = json.loads(path.read_text())
        return endpoint if endpoint["pid"] == process.pid else None

    def _running(self) -> subprocess.Popen[bytes]:
        if self.process is None:
            raise RuntimeError("start() the server first")
        return self.process

    @property
    def pid(self) -> int:
        """Of the running server."""
        return self._running().pid

    @property
    def admin_url(self) -> str:
        """Base of `/health`, `/admin/hubs` and `/admin/faults`, without a trailing slash."""
        return f"http://127.0.0.1:{self.http_port}"

    def connection_string(self, hub: str | None = None, key_name: str | None = None) -> str:
        """For the SDKs; signed with the key of that name when the server verifies keys."""
        key = next((k for k in self.keys if k.name == key_name), None) or AccessKey("local", "not-verified")
        if key_name is not None and key.name != key_name:
            raise KeyError(key_name)
        entity = f"EntityPath={hub};" if hub else ""
        return (
            f"Endpoint=sb://127.0.0.1:{self.port};SharedAccessKeyName={key.name};SharedAccessKey={key.key};"
            f"{entity}UseDevelopmentEmulator=true;"
        )

    def kill(self) -> None:
        """SIGKILL: nothing is flushed, nobody is told."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        return self._end(signal.SIGTERM)

    def restart(self) -> Self:
        """Start again on the same data and ports, after stopping if it still runs."""
        self.stop()
        return self.start()

    def _end(self, with_signal: signal.Signals) -> int:
        process = self._running()
        if process.poll() is None:
            process.send_signal(with_signal)
        return process.wait(timeout=120)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process is not None:
            self.stop()


type StartEventHubs = Callable[..., EventHubsServer]


@pytest.fixture(scope="session")
def eventhubs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EventHubsServer]:
    """One shared server without keys: hubs `one` (1 partition), `two` (2) and `four` (4), group `extra` on each."""
    specs = [HubSpec(name, count, ("extra",)) for name, count in (("one", 1), ("two", 2), ("four", 4))]
    with EventHubsServer(tmp_path_factory.mktemp("eventhubs"), specs) as server:
        yield server


@pytest.fixture
def start_eventhubs(tmp_path: Path) -> Iterator[StartEventHubs]:
    """Start servers of one's own: `start_eventhubs(hubs, keys=.., arguments=..)`; all are stopped after the test."""
    started: list[EventHubsServer] = []

    def start(*args: Any, **kwargs: Any) -> EventHubsServer:
        server = EventHubsServer(tmp_path / f"eventhubs-{len(started)}", *args, **kwargs)
        started.append(server)
        return server.start()

    yield start
    for server in started:
        server.stop()
