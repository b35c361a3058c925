"""`sluice model check`: what registration and staging would say, before anything is registered."""

import json
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest
from typer.testing import CliRunner

from function_app.model_builder.libraries.onnx_file import OnnxFile
from function_app.operator.__main__ import app
from shared.packages.folder import write_files
from tests.unit.model_builder.material import built, numbers, sigmoid

RUNNER = CliRunner()


@pytest.fixture
def package(tmp_path: Path) -> Path:
    write_files(tmp_path / "package", built(OnnxFile(sigmoid()), numbers().assign(y=[0] * 20 + [1] * 20)).files)
    return tmp_path / "package"


def test_a_package_that_was_built_holds(package: Path) -> None:
    ended = RUNNER.invoke(app, ["model", "check", str(package), "--json"])
    assert ended.exit_code == 0, ended.output
    verdicts = {each["name"]: each["verdict"] for each in json.loads(ended.stdout)["checks"]}
    assert verdicts["golden.reproduced"] == verdicts["deployment.smoke"] == "passed"
    assert "deployment.latency_p95" in verdicts


def test_golden_rows_that_the_model_does_not_answer_fail(package: Path) -> None:
    golden = pyarrow.parquet.read_table(package / "golden.parquet")
    wrong = pyarrow.array([0.123] * golden.num_rows, golden.schema.field("probability").type)
    index = golden.column_names.index("probability")
    pyarrow.parquet.write_table(golden.set_column(index, "probability", wrong), package / "golden.parquet")
    ended = RUNNER.invoke(app, ["model", "check", str(package)])
    assert (ended.exit_code, "golden.reproduced" in ended.output) == (1, True)


def test_what_registration_refuses_is_named_and_mended(package: Path) -> None:
    signature = json.loads((package / "signature.json").read_text())
    signature["outputs"][0].update(name="nothing", tensor="missing")
    (package / "signature.json").write_text(json.dumps(signature))
    before = (package / "metrics.json").read_bytes()
    ended = RUNNER.invoke(app, ["model", "check", str(package)])
    assert (ended.exit_code, "registration would refuse it" in ended.output) == (1, True)
    mended = RUNNER.invoke(app, ["model", "check", str(package), "--fix"])
    assert mended.exit_code == 0, mended.output
    assert (package / "metrics.json").read_bytes() == before


def test_a_folder_without_a_graph_is_not_mended(tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "signature.json").write_text("{}")
    ended = RUNNER.invoke(app, ["model", "check", str(tmp_path / "package"), "--fix"])
    assert (ended.exit_code, "model.onnx: it is missing" in ended.output) == (1, True)
    assert [each.name for each in (tmp_path / "package").iterdir()] == ["signature.json"]
