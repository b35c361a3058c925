"""The regression guard fails when a ratio is worse than recorded, and says which."""

import json
from pathlib import Path

import pytest

from tests.benchmarks.scoring.figures import Row
from tests.benchmarks.scoring.guard import EXPECTED, main


def _row(ratio: float | None, bar: str = ">= 0.9 x floor_score") -> Row:
    return {"figure": "rows", "ours": "x", "against": "floor_score: 9", "ratio": ratio, "bar": bar, "met": True}


def _verdict(folder: Path, measured: list[Row], expected_ratio: float = 1.0) -> int:
    (folder / "measured.json").write_text(json.dumps(measured))
    recorded = [{"figure": "rows", "against": "floor_score", "ratio": expected_ratio, "tolerance": 0.1}]
    (folder / "expected.json").write_text(json.dumps(recorded))
    return main(["--measured", str(folder / "measured.json"), "--expected", str(folder / "expected.json")])


@pytest.mark.parametrize(
    ("row", "holds"),
    [
        (_row(0.95), True),
        (_row(0.85), False),
        (_row(1.5), True),
        (_row(1.05, "<= 1.25 x floor_score"), True),
        (_row(1.2, "<= 1.25 x floor_score"), False),
        (_row(0.5, "<= 1.25 x floor_score"), True),
        (_row(None), False),
    ],
)
def test_it_fails_only_when_a_ratio_is_worse_than_its_tolerance(tmp_path: Path, row: Row, holds: bool) -> None:
    assert _verdict(tmp_path, [row]) == (0 if holds else 1)


def test_it_names_the_row_that_fell_behind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _verdict(tmp_path, [_row(0.5)])
    assert "fell behind: rows (floor_score): ratio 0.5, recorded 1.0, worst allowed 0.900" in capsys.readouterr().err


def test_a_row_that_is_no_longer_measured_fell_behind(tmp_path: Path) -> None:
    assert _verdict(tmp_path, []) == 1


def test_without_anything_recorded_it_guards_nothing_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "measured.json").write_text(json.dumps([_row(1.0)]))
    files = ["--measured", str(tmp_path / "measured.json"), "--expected", str(tmp_path / "none.json")]
    assert main(files) == 1
    assert "make bench ARGS=--record" in capsys.readouterr().err


def test_recording_keeps_tolerances_and_makes_the_guard_hold(tmp_path: Path) -> None:
    assert _verdict(tmp_path, [_row(0.5)]) == 1
    files = ["--measured", str(tmp_path / "measured.json"), "--expected", str(tmp_path / "expected.json")]
    assert main([*files, "--record"]) == 0
    assert main(files) == 0
    (kept,) = json.loads((tmp_path / "expected.json").read_text())
    assert (kept["ratio"], kept["tolerance"]) == (0.5, 0.1)


def test_what_is_recorded_is_about_rows_of_the_benchmark() -> None:
    from tests.benchmarks.scoring.figures import BARS

    known = {(bar.figure, bar.label) for bar in BARS}
    assert {(each["figure"], each["against"]) for each in json.loads(EXPECTED.read_text())} <= known
