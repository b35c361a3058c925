"""A host as a child process through its command line: start, call, stop or kill it, read what its app recorded."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from tests.support.eventually import eventually

REPOSITORY = Path(__file__).resolve().parents[3]
APPS = Path(__file__).parent / "apps"


class RunningHost:
    """`app` is a directory under apps/."""

    def __init__(self, app: str, directory: Path, settings: Mapping[str, str], arguments: Sequence[str] = ()) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.app, self.directory = app, directory
        self.record = directory / "record.jsonl"
        self.log = directory / "host.log"
        self.keys = directory / f"{app}.keys.json"
        self.ready_file = directory / "ready.json"
        self.ready: dict[str, Any] = {}
        self.process: subprocess.Popen[bytes] | None = None
        values = {"RECORD": str(self.record), **settings}
        (directory / "local.settings.json").write_text(json.dumps({"IsEncrypted": False, "Values": values}))
        self.module = "infra.local.functions_host"
        self._arguments = arguments
        # Without compiled modules every start would take seconds longer.
        self._environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

    def launch(self) -> Self:
        """Start the process without waiting for it to be ready."""
        command = [sys.executable, "-m", self.module, *self.arguments(), *self._arguments]
        self.ready_file.unlink(missing_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, cwd=REPOSITORY, env=self._environment, stdout=log, stderr=log)
        return self

    def arguments(self) -> list[str]:
        """What any host of the app is told."""
        flags = ["--app", str(APPS / self.app), "--name", self.app, "--port", "0", "--path", str(APPS)]
        files = ["--ready-file", str(self.ready_file), "--settings", str(self.directory / "local.settings.json")]
        return [*flags, *files]

    def start(self) -> Self:
        """Return once it listens; raise `AssertionError` with its log when it ends instead."""
        return self.launch().wait_until_ready()

    def wait_until_ready(self) -> Self:
        eventually(self._is_ready)
        self.ready = json.loads(self.ready_file.read_text())
        return self

    def _is_ready(self) -> bool:
        if self._running().poll() is not None:
            raise AssertionError(f"the host ended:\n{self.log.read_text()[-4000:]}")
        return self.ready_file.exists()

    def _running(self) -> subprocess.Popen[bytes]:
        if self.process is None:
            raise RuntimeError("start the host first")
        return self.process

    def call(
        self, method: str, path: str, body: bytes | None = None, headers: Sequence[tuple[str, str]] = ()
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        """Status, headers and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ready["port"], timeout=120)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in [*headers, *([("content-length", str(len(body)))] if body is not None else [])]:
                connection.putheader(name, value)
            connection.endheaders(body)
            response = connection.getresponse()
            return response.status, [(n.lower(), v) for n, v in response.getheaders()], response.read()
        finally:
            connection.close()

    def takes_connections(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.ready["port"])):
                return True
        except ConnectionRefusedError:
            return False

    def recorded(self, what: str | None = None) -> list[dict[str, Any]]:
        lines = self.record.read_text().splitlines() if self.record.exists() else []
        entries = [json.loads(line) for line in lines]
        return [entry for entry in entries if what in (None, entry["what"])]

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        self._running().terminate()
        return self.wait()

    def wait(self) -> int:
        return self._running().wait(timeout=120)

    def kill(self) -> None:
        self._running().send_signal(signal.SIGKILL)
        self.wait()

    def end(self) -> None:
        """Whatever state it is in."""
        if self.process is not None and self.process.poll() is None:
            self.kill()
