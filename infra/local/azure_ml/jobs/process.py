"""One process group: started with a clean environment, limited in time, killed as a whole."""

import asyncio
import os
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import psutil


class TimeLimitExceeded(Exception):
    """The process ran longer than its job may."""


async def run(
    command: str,
    folder: Path,
    environment: Mapping[str, str],
    log: Path,
    limit_s: float,
    started: Callable[[int, float], None],
) -> int:
    """Run a shell command and answer its exit status. `started` gets the process id and its creation time.

    Raises `TimeLimitExceeded`. However this ends, cancellation included, nothing of the group is left running."""
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            "/bin/bash",
            "-c",
            command,
            cwd=folder,
            env=dict(environment),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        with suppress(psutil.NoSuchProcess):
            started(process.pid, psutil.Process(process.pid).create_time())
        async with asyncio.timeout(limit_s):
            return await process.wait()
    except TimeoutError as error:
        raise TimeLimitExceeded from error
    finally:
        _kill_group(process.pid)
        await process.wait()


def kill_orphan(pid: int, created: float) -> None:
    """End the group a crashed emulator left behind, unless its id belongs to another process by now."""
    with suppress(psutil.NoSuchProcess):
        if abs(psutil.Process(pid).create_time() - created) < 1:
            _kill_group(pid)


def _kill_group(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
