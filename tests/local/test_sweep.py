"""Processes are found and ended by the mark in their environment, whoever started them."""

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from infra.local.sweep import Mark, marked, runs, sweep
from tests.support.eventually import eventually

SLEEP = ["sleep", "600"]


@pytest.fixture
def mark() -> Iterator[Mark]:
    made = Mark("SLUICE_TEST_MARK", uuid.uuid4().hex)
    yield made
    sweep(made)


def start(mark: Mark, *command: str, **more: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, env={**os.environ, mark.name: mark.value, **more}, start_new_session=True)


def test_a_grandchild_of_a_dead_parent_is_found(mark: Mark) -> None:
    parent = start(mark, "sh", "-c", "sleep 600 & sleep 600")
    eventually(lambda: len(marked(mark)) == 3)
    parent.kill()
    parent.wait()
    sweep(mark)
    assert marked(mark) == {}


def test_a_process_with_another_mark_is_left_alone(mark: Mark) -> None:
    other = Mark(mark.name, uuid.uuid4().hex)
    bystander = start(other, *SLEEP)
    sweep(mark)
    assert bystander.poll() is None
    sweep(other)
    assert bystander.wait() == -signal.SIGTERM


def test_the_supervisor_goes_first_and_storage_last(mark: Mark, tmp_path: Path) -> None:
    note = f"trap 'echo $SLUICE_PROCESS >> {tmp_path}/order; exit' TERM; touch {tmp_path}/$SLUICE_PROCESS; "
    for role in ("azurite", "control", "supervisor"):
        start(mark, "bash", "-c", note + "while true; do sleep 0.05; done", SLUICE_PROCESS=role)
        eventually((tmp_path / role).exists)
    sweep(mark)
    assert (tmp_path / "order").read_text().split() == ["supervisor", "control", "azurite"]


def test_a_warden_ends_everything_when_its_owner_is_killed(mark: Mark) -> None:
    source = (
        "import sys, time; from infra.local import warden; from infra.local.sweep import Mark\n"
        f"guard = warden.start(Mark({mark.name!r}, {mark.value!r})); time.sleep(600)"
    )
    owner = start(mark, sys.executable, "-c", source)
    orphan = start(mark, *SLEEP)
    eventually(lambda: "warden" in marked(mark).values())
    owner.kill()
    owner.wait()
    assert orphan.wait(timeout=120) == -signal.SIGTERM
    eventually(lambda: not marked(mark))


SESSION = [sys.executable, "-m", "infra.local.session", "--"]
LEAVES_ONE = "sleep 600 & echo $!; exit 5"


def test_a_session_passes_the_exit_code_and_leaves_nothing_behind() -> None:
    done = subprocess.run([*SESSION, "sh", "-c", LEAVES_ONE], capture_output=True, text=True, check=False)
    assert done.returncode == 5
    assert "ended sleep 600" in done.stderr
    assert not runs(int(done.stdout))


def test_keep_leaves_what_the_command_left() -> None:
    kept = subprocess.run(
        [*SESSION, "sh", "-c", "sleep 600 >/dev/null 2>&1 & echo $!"],
        env={**os.environ, "KEEP": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    left = psutil.Process(int(kept.stdout))
    assert left.is_running()
    left.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_reaches_the_command_once_and_nothing_is_left(number: signal.Signals, tmp_path: Path) -> None:
    told = tmp_path / "told"
    script = (
        f"trap 'echo told >> {told}; exit 9' INT TERM HUP; sleep 600 & echo $! > {told}.child; "
        f"touch {told}.ready; while true; do sleep 0.05; done"
    )
    session = subprocess.Popen([*SESSION, "bash", "-c", script])
    eventually(Path(f"{told}.ready").exists)
    session.send_signal(number)
    assert session.wait(timeout=120) == 9
    assert told.read_text().split() == ["told"]
    assert not runs(int(Path(f"{told}.child").read_text()))


def test_a_killed_session_leaves_nothing_either(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    session = subprocess.Popen([*SESSION, "sh", "-c", f"echo $$ > {ready}; exec sleep 600"])
    eventually(lambda: ready.exists() and ready.read_text())
    session.kill()
    session.wait()
    eventually(lambda: not runs(int(ready.read_text())))
