"""The supervisor against real child processes that crash, dawdle or refuse to stop."""

import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from infra.local.probes import wrote
from infra.local.supervisor import Program, StartFailed, Supervisor, backoff_s
from infra.local.sweep import runs
from tests.support.eventually import aeventually

WELL = "import pathlib, sys, time; pathlib.Path(sys.argv[1]).touch(); time.sleep(600)"
CRASHING = "import sys; print('the reason of the crash'); sys.exit(7)"
DEAF = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {WELL}"
ORDERLY = (
    "import pathlib, signal, sys, time\n"
    "def stop(*_): pathlib.Path(sys.argv[1]).write_text('stopped in order'); sys.exit(0)\n"
    "signal.signal(signal.SIGTERM, stop); pathlib.Path(sys.argv[1]).touch(); time.sleep(600)"
)
WITH_A_CHILD = (
    "import pathlib, subprocess, sys, time\n"
    "child = subprocess.Popen(['sleep', '600']); pathlib.Path(sys.argv[1]).write_text(str(child.pid)); time.sleep(600)"
)


@pytest.fixture
def program(tmp_path: Path) -> Callable[..., Program]:
    def make(source: str, *, name: str = "fake", stop_within_s: float = 10) -> Program:
        ready = tmp_path / f"{name}.ready"
        command = [sys.executable, "-c", source, str(ready)]
        return Program(name, command, wrote(ready), ready_file=ready, stop_within_s=stop_within_s)

    return make


@pytest.fixture
async def supervisor(tmp_path: Path) -> AsyncIterator[Supervisor]:
    made = Supervisor(tmp_path / "logs", lambda _: None)
    yield made
    await made.stop()


def process_id(supervisor: Supervisor, name: str = "fake") -> int:
    found = supervisor.reports()[name]["pid"]
    assert found is not None
    return found


def ended(process_id: int) -> Callable[[], Awaitable[bool]]:
    async def check() -> bool:
        return not runs(process_id)

    return check


async def test_a_killed_process_is_started_again(supervisor: Supervisor, program: Callable[..., Program]) -> None:
    await supervisor.start(program(WELL))
    first = process_id(supervisor)
    os.kill(first, signal.SIGKILL)

    async def back() -> bool:
        report = supervisor.reports()["fake"]
        return report["restarts"] == 1 and report["state"] == "ready"

    await aeventually(back)
    assert process_id(supervisor) != first


async def test_a_process_that_ends_by_itself_is_started_again_too(
    supervisor: Supervisor, program: Callable[..., Program]
) -> None:
    await supervisor.start(program(ORDERLY))
    os.kill(process_id(supervisor), signal.SIGTERM)

    async def back() -> bool:
        return supervisor.reports()["fake"]["restarts"] == 1 and supervisor.reports()["fake"]["state"] == "ready"

    await aeventually(back)


async def test_a_program_that_only_crashes_fails_the_start_with_its_name_and_its_last_words(
    supervisor: Supervisor, program: Callable[..., Program]
) -> None:
    with pytest.raises(
        StartFailed, match=r"^broken did not become ready: the reason of the crash\. The log: .*broken\.log$"
    ):
        await supervisor.start(program(CRASHING, name="broken"))
    assert supervisor.reports()["broken"]["restarts"] == 3


async def test_a_stopped_process_stays_stopped(
    supervisor: Supervisor, program: Callable[..., Program], tmp_path: Path
) -> None:
    await supervisor.start(program(ORDERLY))
    first = process_id(supervisor)
    await supervisor.stop()
    assert (tmp_path / "fake.ready").read_text() == "stopped in order"
    assert not runs(first)
    assert supervisor.reports()["fake"]["state"] == "stopped"
    assert supervisor.reports()["fake"]["restarts"] == 0


async def test_a_process_that_ignores_sigterm_is_killed_in_the_end(
    supervisor: Supervisor, program: Callable[..., Program]
) -> None:
    await supervisor.start(program(DEAF, stop_within_s=0.5))
    first = process_id(supervisor)
    await supervisor.stop()
    assert not runs(first)


async def test_a_crash_leaves_no_child_of_the_crashed_process(
    supervisor: Supervisor, program: Callable[..., Program], tmp_path: Path
) -> None:
    await supervisor.start(program(WITH_A_CHILD))
    child = int((tmp_path / "fake.ready").read_text())
    os.kill(process_id(supervisor), signal.SIGKILL)
    await aeventually(ended(child))


async def test_waves_are_stopped_in_the_order_asked_for(tmp_path: Path, program: Callable[..., Program]) -> None:
    order: list[str] = []

    def note(reports: dict[str, object]) -> None:
        order.extend(name for name, report in reports.items() if report["state"] == "stopped" and name not in order)  # type: ignore[index]

    supervisor = Supervisor(tmp_path / "logs", note)  # type: ignore[arg-type]
    for name in ("storage", "hubs", "app"):
        await supervisor.start(program(WELL, name=name))
    await supervisor.stop(("app",))
    assert order == ["app", "hubs", "storage"]


def test_pauses_double_up_to_a_limit() -> None:
    assert [backoff_s(failures) for failures in (1, 2, 3, 6, 7, 50)] == [0.25, 0.5, 1.0, 8.0, 10.0, 10.0]
