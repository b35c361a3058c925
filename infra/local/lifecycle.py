"""Up, down and status of one local system."""

import asyncio
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from infra.local import last_words, run_file, signals, storage, topology, warden
from infra.local.run_file import RunFile
from infra.local.supervisor import StartFailed, Supervisor
from infra.local.sweep import ROLE, RUN_MARK, SUPERVISOR, Mark, sweep
from infra.local.system import Options, System

KEPT_WHEN_FRESH = {"certificates"}
# Longer than the supervisor itself is patient with its programs: it knows better what went wrong.
DETACHED_READY_WITHIN_S = 900.0
SILENT_AT_MOST_S = 15.0
SAYS, PROGRESS = "local: ", ("starting ", "still starting ")


def mark(run_dir: Path) -> Mark:
    """Return the mark that every process of this system carries."""
    return Mark(RUN_MARK, str(run_dir))


async def serve(run_dir: Path, options: Options) -> None:
    """Run the system until it is asked to end; raise `StartFailed` when it does not come up. Leaves nothing behind."""
    stop = asyncio.Event()
    for number in signals.ending():
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    guard = warden.start(mark(run_dir))
    system = System(run_dir, options)
    document = RunFile(system)
    supervisor = Supervisor(run_dir / "logs", document.processes)
    try:
        starting = asyncio.create_task(_start(supervisor, system, document))
        saying = asyncio.create_task(_say_what_is_not_ready(supervisor))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait((starting, stopping), return_when=asyncio.FIRST_COMPLETED)
        saying.cancel()
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


async def _say_what_is_not_ready(supervisor: Supervisor) -> None:
    """Say now and then what a long start is waiting for."""
    while True:
        await asyncio.sleep(SILENT_AT_MOST_S)
        missing = [name for name, report in supervisor.reports().items() if report["state"] != "ready"]
        say(f"still starting {', '.join(missing) or 'storage'}")


def clear(run_dir: Path, *, fresh: bool) -> None:
    """End what an earlier run left; with `fresh`, also forget its data. Raises `StartFailed` where it may not write."""
    for name in sweep(mark(run_dir)):
        say(f"ended {name} of an earlier run")
    try:
        _prepare(run_dir, fresh=fresh)
    except OSError as error:
        raise StartFailed(f"{run_dir} cannot be used: {error}. Name another folder with --run-dir") from error


def _prepare(run_dir: Path, *, fresh: bool) -> None:
    run_file.path_in(run_dir).unlink(missing_ok=True)
    run_dir.mkdir(parents=True, exist_ok=True)
    run_dir.chmod(0o700)  # what an earlier run wrote for everybody is in there, too
    for path in run_dir.iterdir() if fresh else ():
        if path.name not in KEPT_WHEN_FRESH:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def detach(run_dir: Path, arguments: list[str]) -> None:
    """Start a supervisor that outlives this process; return when the system is ready, else raise `StartFailed`.

    What it says meanwhile is passed on. Ctrl-C ends it.
    """
    log = run_dir / "logs" / "supervisor.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "infra.local", "up", *arguments]
    with log.open("ab") as output:
        before = output.tell()
        supervisor = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=marked(run_dir), start_new_session=True
        )
    try:
        said = _until_ready(run_dir, supervisor, log, before)
    except KeyboardInterrupt:
        sweep(mark(run_dir))
        raise
    if not _is_ready(run_dir, supervisor):
        sweep(mark(run_dir))
        unsaid = not said or said.startswith(PROGRESS)
        raise StartFailed(f"the supervisor ended: {last_words.of(log)}. The log: {log}" if unsaid else said)


def _until_ready(run_dir: Path, supervisor: subprocess.Popen[bytes], log: Path, before: int) -> str:
    """Wait until the system is ready or its supervisor has ended; return what that said last."""
    deadline, said = time.monotonic() + DETACHED_READY_WITHIN_S, ""
    with log.open(errors="replace") as lines:
        lines.seek(before)
        is_over = False
        while not is_over:
            is_over = supervisor.poll() is not None or _is_ready(run_dir, supervisor) or time.monotonic() > deadline
            for line in lines:
                if line.startswith(SAYS):
                    said = line.removeprefix(SAYS).strip()
                    if said.startswith(PROGRESS):
                        say(said)
            time.sleep(0.1)
    return said


def _is_ready(run_dir: Path, supervisor: subprocess.Popen[bytes]) -> bool:
    document = run_file.read(run_dir)
    return bool(document and document["ready"] and document["processes"]["supervisor"]["pid"] == supervisor.pid)


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
    # In one piece: print writes the end of a line by itself, and Ctrl-C fell in between.
    sys.stdout.write(f"{SAYS}{line}\n")
    sys.stdout.flush()
