"""Up, down and status of one local system."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from infra.local import run_file, storage, topology, warden
from infra.local.run_file import RunFile
from infra.local.supervisor import StartFailed, Supervisor, tail
from infra.local.sweep import ROLE, RUN_MARK, SUPERVISOR, Mark, sweep
from infra.local.system import Options, System

KEPT_WHEN_FRESH = {"certificates"}
DETACHED_READY_WITHIN_S = 120.0


def mark(run_dir: Path) -> Mark:
    """Return the mark that every process of this system carries."""
    return Mark(RUN_MARK, str(run_dir))


async def serve(run_dir: Path, options: Options) -> None:
    """Run the system until SIGINT or SIGTERM; raise `StartFailed` when it does not come up. Leaves nothing behind."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    guard = warden.start(mark(run_dir))
    system = System(run_dir, options)
    document = RunFile(system)
    supervisor = Supervisor(run_dir / "logs", document.processes)
    try:
        starting = asyncio.create_task(_start(supervisor, system, document))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait((starting, stopping), return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            await stopping
        starting.cancel()
        say("stopping")
    finally:
        await supervisor.stop(topology.APPS)
        warden.dismiss(guard)
        document.remove()


async def _start(supervisor: Supervisor, system: System, document: RunFile) -> None:
    began = time.monotonic()
    for number, wave in enumerate(system.waves()):
        if wave:
            say(f"starting {', '.join(program.name for program in wave)}")
        await supervisor.start(*wave)
        if number == 0:
            await storage.create(system.addresses)
    document.ready()
    say(f"ready after {time.monotonic() - began:.1f} s; everything is in {run_file.path_in(system.run_dir)}")


def clear(run_dir: Path, *, fresh: bool) -> None:
    """End what an earlier run left; with `fresh`, also forget its data."""
    for name in sweep(mark(run_dir)):
        say(f"ended {name} of an earlier run")
    run_file.path_in(run_dir).unlink(missing_ok=True)
    run_dir.mkdir(parents=True, exist_ok=True)
    run_dir.chmod(0o700)  # what an earlier run wrote for everybody is in there, too
    for path in run_dir.iterdir() if fresh else ():
        if path.name not in KEPT_WHEN_FRESH:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def detach(run_dir: Path, arguments: list[str]) -> None:
    """Start a supervisor that outlives this process; return when the system is ready, else raise `StartFailed`."""
    log = run_dir / "logs" / "supervisor.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "infra.local", "up", *arguments]
    with log.open("ab") as output:
        supervisor = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=marked(run_dir), start_new_session=True
        )
    deadline = time.monotonic() + DETACHED_READY_WITHIN_S
    while supervisor.poll() is None and time.monotonic() < deadline:
        document = run_file.read(run_dir)
        if document and document["ready"] and document["processes"]["supervisor"]["pid"] == supervisor.pid:
            return
        time.sleep(0.1)
    sweep(mark(run_dir))
    raise StartFailed(tail(log))


def marked(run_dir: Path) -> dict[str, str]:
    """Return the environment of a supervisor, by which it is found when it cannot be asked."""
    return {**os.environ, RUN_MARK: str(run_dir), ROLE: SUPERVISOR}


def down(run_dir: Path) -> list[str]:
    """Stop the system, or what a crash left of it; return what was ended."""
    ended = sweep(mark(run_dir))
    run_file.path_in(run_dir).unlink(missing_ok=True)
    return ended


def say(line: str) -> None:
    """Tell the person at the terminal."""
    print(f"local: {line}", flush=True)
