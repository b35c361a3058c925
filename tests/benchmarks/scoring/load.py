"""Load from wrk on a core of its own, as the peers were measured."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
LOAD_CORE = "1"


class WrkMissing(Exception):
    """Says which command installs it."""


@dataclass(frozen=True)
class Shape:
    """What is sent: a payload file to a path, with these headers."""

    path: str
    payload: Path
    content_type: str = "application/json"
    more_headers: tuple[tuple[str, str], ...] = ()

    @property
    def headers(self) -> dict[str, str]:
        """With the length of the JSON part where tensors follow it as bytes."""
        found = {"Content-Type": self.content_type, **dict(self.more_headers)}
        length = Path(f"{self.payload}.hlen")
        if length.exists():
            found["Inference-Header-Content-Length"] = length.read_text().strip()
        return found


@dataclass(frozen=True)
class Sample:
    """One run; latencies in microseconds."""

    requests_s: float
    p50_us: float
    p99_us: float
    errors: int


def provide_wrk() -> None:
    """Install it where that needs nobody's permission; raises `WrkMissing`."""
    if not shutil.which("wrk") and not os.environ.get("SLUICE_WRK") and os.geteuid() == 0 and shutil.which("apt-get"):
        for command in (["apt-get", "update", "-q"], ["apt-get", "install", "-q", "-y", "wrk"]):
            subprocess.run(command, check=False, capture_output=True)
    wrk_binary()


def wrk_binary() -> str:
    found = os.environ.get("SLUICE_WRK") or shutil.which("wrk")
    if not found:
        raise WrkMissing("wrk is missing. Install it with: sudo apt install wrk   (or name it in SLUICE_WRK)")
    return found


def run(port: int, shape: Shape, connections: int, seconds: int) -> Sample:
    command = ["taskset", "-c", LOAD_CORE, wrk_binary(), "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s"]
    command += ["-s", str(HERE / "wrk_post.lua"), f"http://127.0.0.1:{port}{shape.path}", "--", str(shape.payload)]
    command += [f"{name}: {value}" for name, value in shape.headers.items()]
    output = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=True).stdout
    line = next(line for line in output.splitlines() if line.startswith("RESULT "))
    found = json.loads(line.removeprefix("RESULT "))
    errors = found["status_errors"] + found["socket_errors"] + found["timeouts"]
    return Sample(found["requests"] / found["duration_us"] * 1e6, found["p50"], found["p99"], errors)
