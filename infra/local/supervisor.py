"""Keeps child processes alive: starts, waits until ready, restarts with back-off, stops in order."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypedDict

from infra.local import last_words
from infra.local.sweep import ROLE

State = Literal["starting", "ready", "restarting", "stopped"]

# Long, because it only matters for a program that neither gets ready nor ends: a busy machine starts slowly.
READY_WITHIN_S = 180.0
STARTS_BEFORE_GIVING_UP = 3
HEALTHY_AFTER_S = 20.0
LONGEST_BACKOFF_S = 10.0
PROBE_EVERY_S = 0.1


class StartFailed(Exception):
    """The system, or a program of it, did not become ready; one sentence says why, and what repairs it."""


@dataclass(frozen=True)
class Program:
    """What to run and how to tell that it is ready.

    `ready` may raise `OSError`, which means not yet. `ready_file`, when given, is removed before every start, so that
    the file of an earlier life says nothing.
    """

    name: str
    command: Sequence[str]
    ready: Callable[[], Awaitable[bool]]
    environment: Mapping[str, str] = field(default_factory=dict)
    ready_file: Path | None = None
    stop_within_s: float = 15.0


class Report(TypedDict):
    """What `run.json` says of one process."""

    state: State
    pid: int | None
    restarts: int
    started_at: str | None
    log: str


def backoff_s(failures: int) -> float:
    """Return the pause before the next start: 0.25 s, doubling, at most 10 s."""
    return min(LONGEST_BACKOFF_S, 0.25 * 2.0 ** max(0, failures - 1))


class Child:
    """One program and its present process."""

    def __init__(self, program: Program, log: Path, changed: Callable[[], None]) -> None:
        self.program = program
        self.log = log
        self.report = Report(state="starting", pid=None, restarts=0, started_at=None, log=str(log))
        self.failures = 0
        self._changed = changed
        self._stopping = asyncio.Event()
        self._ready = asyncio.Event()
        self._given_up = asyncio.Event()
        self._life = asyncio.create_task(self._live(), name=program.name)

    async def wait_until_ready(self) -> None:
        """Return once the program is ready; raise `StartFailed` when it keeps ending or takes too long."""
        waits: set[asyncio.Future[Any]] = {asyncio.create_task(event.wait()) for event in (self._ready, self._given_up)}
        waits.add(asyncio.shield(self._life))
        _, pending = await asyncio.wait(waits, timeout=READY_WITHIN_S, return_when=asyncio.FIRST_COMPLETED)
        for wait in pending:
            wait.cancel()
        if self._life.done():
            self._life.result()
        if not self._ready.is_set():
            raise StartFailed(self._why_not_ready())

    def _why_not_ready(self) -> str:
        reason = last_words.of(self.log)
        within = "" if self._given_up.is_set() else f" within {READY_WITHIN_S:g} s"
        sentences = [f"{self.program.name} did not become ready{within}: {reason}", last_words.repair(reason)]
        return ". ".join([*filter(None, sentences), f"The log: {self.log}"])

    async def stop(self) -> None:
        """Ask with SIGTERM, wait, and kill only after `stop_within_s`; it is not restarted."""
        self._stopping.set()
        await self._life

    async def _live(self) -> None:
        while not self._stopping.is_set():
            began = time.monotonic()
            process = await self._launch()
            probe = asyncio.create_task(self._probe())
            code = await self._end_of(process)
            probe.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await probe
            kill_group(process.pid)  # what it left behind would hold its ports and files
            if not self._stopping.is_set():
                await self._pause_after(code, alive_s=time.monotonic() - began)
        self._set(state="stopped", pid=None)

    async def _end_of(self, process: asyncio.subprocess.Process) -> int:
        """Wait for the process to end by itself or, once we are stopping, make it end."""
        ended, stopping = asyncio.create_task(process.wait()), asyncio.create_task(self._stopping.wait())
        await asyncio.wait((ended, stopping), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not ended.done():
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            await asyncio.wait((ended,), timeout=self.program.stop_within_s)
        if not ended.done():
            kill_group(process.pid)
        return await ended

    async def _launch(self) -> asyncio.subprocess.Process:
        if self.program.ready_file is not None:
            self.program.ready_file.unlink(missing_ok=True)
        env = {**os.environ, **self.program.environment, ROLE: self.program.name}
        with self.log.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *self.program.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=env,
                start_new_session=True,  # Ctrl-C in the terminal is ours to pass on
            )
        self._set(state="starting", pid=process.pid, started_at=datetime.now(UTC).isoformat(timespec="milliseconds"))
        return process

    async def _probe(self) -> None:
        while not await self._answers():  # noqa: ASYNC110 - the condition lies in another process
            await asyncio.sleep(PROBE_EVERY_S)
        self._set(state="ready")
        self._ready.set()

    async def _answers(self) -> bool:
        try:
            return await self.program.ready()
        except (OSError, TimeoutError):
            return False

    async def _pause_after(self, code: int, alive_s: float) -> None:
        self.failures = 1 if alive_s > HEALTHY_AFTER_S else self.failures + 1
        self.report["restarts"] += 1
        self._set(state="restarting", pid=None)
        pause = backoff_s(self.failures)
        with self.log.open("a") as log:
            log.write(f"--- {datetime.now(UTC):%H:%M:%S} ended with {code}; next start in {pause:g} s\n")
        if self.failures >= STARTS_BEFORE_GIVING_UP:
            self._given_up.set()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), pause)

    def _set(self, *, state: State, **changes: object) -> None:
        self.report = Report(**{**self.report, "state": state, **changes})  # type: ignore[typeddict-item]
        self._changed()


class Supervisor:
    """All children of one system."""

    def __init__(self, logs: Path, changed: Callable[[dict[str, Report]], None]) -> None:
        self.children: list[Child] = []
        self._logs = logs
        self._changed = changed

    def reports(self) -> dict[str, Report]:
        """Return the present state of every process, by name."""
        return {child.program.name: child.report for child in self.children}

    async def start(self, *programs: Program) -> None:
        """Start these side by side and return once all are ready; raise `StartFailed` for the first that is not."""
        self._logs.mkdir(parents=True, exist_ok=True)
        started = [
            Child(program, self._logs / f"{program.name}.log", lambda: self._changed(self.reports()))
            for program in programs
        ]
        self.children += started
        await asyncio.gather(*(child.wait_until_ready() for child in started))

    async def stop(self, *waves: Sequence[str]) -> None:
        """Stop the named waves in turn, then everything else: the last started first."""
        for wave in waves:
            await asyncio.gather(*(child.stop() for child in self.children if child.program.name in wave))
        for child in reversed(self.children):
            await child.stop()


def kill_group(process_id: int) -> None:
    """Kill what is left of a child's process group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process_id, signal.SIGKILL)
