"""`sluice model build` as it is typed."""

import json
from pathlib import Path

import joblib
import pytest
from typer.testing import CliRunner

from function_app.operator.__main__ import app
from shared.packages import read_package
from tests.unit.model_builder.material import logistic, numbers, sigmoid

RUNNER = CliRunner()


def _typed(folder: Path, model: Path, *more: str) -> list[str]:
    data = str(folder / "rows.parquet")
    return ["model", "build", str(model), "--data", data, "-o", str(folder / "package"), *more]


def test_a_folder_with_a_graph_alone_becomes_a_package_and_says_what_was_chosen(tmp_path: Path) -> None:
    (tmp_path / "automl").mkdir()
    (tmp_path / "automl" / "best.onnx").write_bytes(sigmoid())
    numbers().to_parquet(tmp_path / "rows.parquet")
    ended = RUNNER.invoke(app, _typed(tmp_path, tmp_path / "automl", "--label", "y"))
    assert ended.exit_code == 0, ended.output
    assert "task binary_classification" in ended.output
    files = {each.name: each.read_bytes() for each in (tmp_path / "package").iterdir()}
    assert read_package(files).signature.watched.role == "probability"
    again = RUNNER.invoke(app, _typed(tmp_path, tmp_path / "automl", "--label", "y"))
    assert (again.exit_code, "is there already" in again.output) == (1, True)


def test_what_is_refused_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(sigmoid())
    numbers().to_parquet(tmp_path / "rows.parquet")
    ended = RUNNER.invoke(app, _typed(tmp_path, tmp_path / "m.onnx", "--label", "z"))
    assert (ended.exit_code, "there is no column 'z'" in ended.output) == (1, True)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["m.onnx", "rows.parquet"]


def test_a_pickle_is_loaded_only_where_it_is_trusted_and_only_elsewhere(tmp_path: Path) -> None:
    joblib.dump(logistic(), tmp_path / "m.joblib")
    ended = RUNNER.invoke(app, _typed(tmp_path, tmp_path / "m.joblib", "--label", "benign"))
    assert (ended.exit_code, "--trust" in ended.output) == (1, True)


@pytest.mark.parametrize(("name", "body"), [("m.zip", b"PK"), ("m.json", b'{"tree_info": []}'), ("m.json", b"{")])
def test_what_is_no_model_is_said_before_anything_runs(tmp_path: Path, name: str, body: bytes) -> None:
    (tmp_path / name).write_bytes(body)
    ended = RUNNER.invoke(app, _typed(tmp_path, tmp_path / name, "--label", "y"))
    assert (ended.exit_code, name in ended.output) == (1, True)


def test_for_programs_it_is_json(tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(sigmoid())
    numbers().to_parquet(tmp_path / "rows.parquet")
    ended = RUNNER.invoke(app, _typed(tmp_path, tmp_path / "m.onnx", "--label", "y", "--json"))
    assert json.loads(ended.stdout)["metrics"]["rows"] == 40
