"""A step says that it still runs, also where nobody sees a terminal, and shows its output when it fails."""

from pathlib import Path

import pytest

from infra.set_up import steps


def test_a_long_step_says_now_and_then_that_it_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = tmp_path / "heard"
    write = steps._write

    def listen(text: str) -> None:
        write(text)
        if "still running" in text:
            heard.touch()

    monkeypatch.setattr(steps, "_write", listen)
    monkeypatch.setattr(steps, "SILENT_AT_MOST_S", 0.05)
    steps.step("long", ["sh", "-c", f"until [ -e {heard} ]; do sleep 0.01; done"], {"PATH": "/usr/bin:/bin"}, "")
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "setup: long ... "
    assert said[1].startswith("setup: long: still running after 0 s ... ")
    assert said[-1].endswith(" s")


def test_a_step_that_fails_shows_what_it_said(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(steps.SetUpFailed, match="the remedy"):
        steps.step("short", ["sh", "-c", "echo the reason >&2; exit 3"], {"PATH": "/usr/bin:/bin"}, "the remedy")
    assert capsys.readouterr().out == "setup: short ... failed\nthe reason\n"
