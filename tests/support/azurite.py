"""Azurite (blobs, queues, tables) as a child process on free ports, stopped with SIGTERM."""

import os
import socket
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from infra.local.azurite import LAUNCHER, SAVES_FIRST
from tests.support.eventually import eventually

REPOSITORY = Path(__file__).resolve().parents[2]
ACCOUNT = "devstoreaccount1"
# The key is public: every Azurite in the world has it.
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


def azurite_binary() -> Path:
    """Where npm put Azurite; `SLUICE_AZURITE` names another. Raise `FileNotFoundError` when there is none."""
    named = os.environ.get("SLUICE_AZURITE")
    candidates = [
        REPOSITORY / "node_modules/.bin/azurite",
        *([Path(named)] if named else []),
    ]
    for candidate in candidates:
        if candidate.exists():
            return candidate
    raise FileNotFoundError("Azurite is missing: run `npm ci`, or name its binary in SLUICE_AZURITE")


def free_ports(count: int) -> list[int]:
    """Distinct ports that were free a moment ago."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports: list[int] = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class Azurite:
    """One Azurite over one directory; the ports survive `restart`.

    With `saves_first` nothing is acknowledged before it is saved, so that it may be killed: see our launcher. `options`
    are more of Azurite's own.
    """

    def __init__(self, directory: Path, saves_first: bool = False, options: Sequence[str] = ()) -> None:
        self.directory, self.saves_first, self.options = directory, saves_first, options
        self.blob_port, self.queue_port, self.table_port = free_ports(3)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Return once all three services accept connections."""
        self.directory.mkdir(parents=True, exist_ok=True)
        launched = ["node", str(LAUNCHER)] if self.saves_first else [str(azurite_binary())]
        command = [*launched, "--skipApiVersionCheck", "--disableTelemetry", "--silent"]
        command += ["--location", str(self.directory / "data"), "--blobPort", str(self.blob_port)]
        command += ["--queuePort", str(self.queue_port), "--tablePort", str(self.table_port), *self.options]
        with (self.directory / "azurite.log").open("ab") as log:
            environment = {**os.environ, **({SAVES_FIRST: "1"} if self.saves_first else {})}
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        eventually(self._accepts)
        return self

    def _accepts(self) -> bool:
        if self.process is None or self.process.poll() is not None:
            raise AssertionError(f"Azurite ended:\n{(self.directory / 'azurite.log').read_text()[-4000:]}")
        for port in (self.blob_port, self.queue_port, self.table_port):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
            except OSError:
                return False
        return True

    @property
    def connection_string(self) -> str:
        """Of the storage account, for all three services."""
        base = "http://127.0.0.1"
        return (
            f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};"
            f"BlobEndpoint={base}:{self.blob_port}/{ACCOUNT};QueueEndpoint={base}:{self.queue_port}/{ACCOUNT};"
            f"TableEndpoint={base}:{self.table_port}/{ACCOUNT};"
        )

    def stop(self) -> None:
        """SIGTERM, so that Azurite writes down what it still holds in memory."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=120)

    def kill(self) -> None:
        """SIGKILL: without `saves_first`, what it acknowledged last is lost."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(timeout=120)

    def restart(self) -> Self:
        """Stop and start again on the same data and ports."""
        self.stop()
        return self.start()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    """One Azurite for the whole session: name containers, queues and tables so that tests do not meet."""
    with Azurite(tmp_path_factory.mktemp("azurite")) as storage:
        yield storage
