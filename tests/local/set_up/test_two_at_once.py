"""Two `make` in one fresh clone: one sets up, the other waits for it."""

import signal
import subprocess
from pathlib import Path

import pytest

from tests.local.set_up.clones import begin
from tests.support.eventually import eventually


def until_npm_runs(clone: Path, process: subprocess.Popen[str]) -> None:
    eventually(lambda: (clone / "npm-runs").exists() or process.poll() is not None, timeout_s=120)
    assert process.poll() is None, process.communicate()


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def test_a_second_set_up_waits_for_the_first_and_finds_its_work_done(clone: Path, machine: Path, index: Path) -> None:
    first = begin(clone, machine, index=index)
    until_npm_runs(clone, first)
    second = begin(clone, machine, index=index)
    assert f"another set-up runs in this folder (process {first.pid}), waiting" in first_line(second)
    (clone / "npm-may-go-on").touch()
    for process in (first, second):
        out, err = process.communicate()
        assert (process.returncode, err) == (0, "")
        assert out.endswith("setup: ready (.venv/bin/sluice --help)\n")
    assert (clone / "npm-ran").read_text().split() == ["once"]


def test_what_a_killed_set_up_left_at_work_is_waited_for_and_not_believed(with_uv: Path, machine: Path) -> None:
    first = begin(with_uv, machine)
    until_npm_runs(with_uv, first)
    first.kill()
    first.wait()
    second = begin(with_uv, machine)
    assert "another set-up runs in this folder" in first_line(second), "its npm is still at work"
    (with_uv / "npm-may-go-on").touch()
    assert second.wait(timeout=120) == 0
    assert (with_uv / "npm-ran").read_text().split() == ["once", "once"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_what_runs_and_says_how_to_go_on(with_uv: Path, machine: Path, number: signal.Signals) -> None:
    process = begin(with_uv, machine)
    until_npm_runs(with_uv, process)
    process.send_signal(number)
    _, err = process.communicate()
    assert process.returncode == 130
    assert "failed" not in err
    assert "stopped; `make setup` goes on from here" in err
    assert not (with_uv / "node_modules/.setup-stamp").exists()
