"""Servers under measurement, on a core of their own; those that are not asked are stopped where they are."""

import http.client
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.request import urlopen

import psutil

from tests.benchmarks.scoring.environments import HERE, REPOSITORY, WORK
from tests.benchmarks.scoring.load import Shape
from tests.support.azurite import free_ports

SERVER_CORE = "0"
_STARTS_WITHIN_S = 90
_SETTLES_WITHIN_S = 10


@dataclass(frozen=True)
class Peer:
    """How to start a server: `{port}` in the command is replaced."""

    name: str
    command: tuple[str, ...]
    folder: Path
    variables: dict[str, str]


def peer(name: str, bin_folder: Path, model: Path, *command: str) -> Peer:
    variables = {"BENCH_MODEL": str(model), "PYTHONPATH": str(HERE / "peers"), "PYTHONWARNINGS": "ignore"}
    variables |= {"OMP_NUM_THREADS": "1", "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}"}
    return Peer(name, tuple(part.format(bin=bin_folder, port="{port}") for part in command), HERE / "peers", variables)


def sluice(variables: dict[str, str]) -> Peer:
    command = (sys.executable, "-m", "function_app.scoring.serve", "--port", "{port}")
    return Peer("sluice", command, REPOSITORY, {"INFERENCE_THREADS": "1", **variables})


class Server:
    """Running from its first 200 on; `cold_s` is how long that took from the start of its process."""

    def __init__(self, peer: Peer, first: Shape) -> None:
        self.peer = peer
        (self.port,) = free_ports(1)
        WORK.mkdir(parents=True, exist_ok=True)
        self._log = (WORK / f"{peer.name}.log").open("ab")
        began = time.perf_counter()
        command = [part.replace("{port}", str(self.port)) for part in peer.command]
        self.process = subprocess.Popen(
            ["taskset", "-c", SERVER_CORE, *command],
            cwd=peer.folder, env=os.environ | peer.variables, stdout=self._log, stderr=self._log,
            start_new_session=True,
        )  # fmt: skip
        try:
            self._wait(first, began)
        except BaseException:
            self.stop()
            raise
        self.cold_s = time.perf_counter() - began

    def _wait(self, first: Shape, began: float) -> None:
        status = 0
        while status != 200:
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.peer.name} ended with {self.process.returncode}; see {self._log.name}")
            if time.perf_counter() - began > _STARTS_WITHIN_S:
                raise RuntimeError(f"{self.peer.name}: no 200 within {_STARTS_WITHIN_S} s, last status {status}")
            status = self._post(first)
            time.sleep(0.005)

    def _post(self, shape: Shape) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("POST", shape.path, shape.payload.read_bytes(), shape.headers)
            response = connection.getresponse()
            response.read()
            return response.status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    @property
    def cpu_s(self) -> float:
        """Time on the processor so far: a figure that other work on the machine disturbs least."""
        root = psutil.Process(self.process.pid)
        times = [each.cpu_times() for each in [root, *root.children(recursive=True)]]
        return sum(each.user + each.system for each in times)

    @property
    def memory_mb(self) -> float:
        """PSS of the process tree."""
        root = psutil.Process(self.process.pid)
        return sum(each.memory_full_info().pss for each in [root, *root.children(recursive=True)]) / 1e6

    def rest(self) -> None:
        """Stop where it is, so that servers that are not asked take no time from the one that is."""
        os.killpg(self.process.pid, signal.SIGSTOP)

    def wake(self) -> None:
        os.killpg(self.process.pid, signal.SIGCONT)

    def settle(self) -> int:
        """Wait until what it captured has left, so that the next measurement pays for its own; returns rows lost.

        Servers without our metrics have nothing to wait for.
        """
        if not self.peer.name.startswith("sluice"):
            return 0
        deadline = time.monotonic() + _SETTLES_WITHIN_S
        while self._counted("sluice_capture_waiting_rows") and time.monotonic() < deadline:
            time.sleep(0.05)
        return self._counted("sluice_capture_overflowed_rows_total")

    def _counted(self, name: str) -> int:
        with urlopen(f"http://127.0.0.1:{self.port}/metrics") as response:
            lines = response.read().decode().splitlines()
        return int(next(line for line in lines if line.startswith(f"{name} ")).rpartition(" ")[2])

    def stop(self) -> None:
        if self.process.poll() is None:
            self.wake()
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
