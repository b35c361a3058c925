"""The entry script of the batch endpoint, called as Azure ML calls it: `init`, then `run` with paths of files."""

import json
import logging
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from azure.ai.ml import load_batch_endpoint
from azure.ai.ml.entities._load_functions import load_model_batch_deployment

from function_app.jobs import batch_endpoint
from shared.ports import Refused
from tests.support.onnx_models import expected_probability, package_files, sample_rows

ROOT = Path(__file__).resolve().parents[3]
# What Azure ML's own driver does around the script.
DRIVER = """
import importlib.util, json, sys
sys.path.insert(0, sys.argv[1])
spec = importlib.util.spec_from_file_location("entry", sys.argv[1] + "/" + sys.argv[2])
entry = importlib.util.module_from_spec(spec)
spec.loader.exec_module(entry)
entry.init()
for batch in json.loads(sys.argv[3]):
    print(json.dumps(entry.run(batch)))
"""


@pytest.fixture
def mounted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The registered model in its folder, an empty output, two files and a third that is none."""
    model, output = tmp_path / "model" / "flights", tmp_path / "output"
    model.mkdir(parents=True)
    output.mkdir()
    for name, body in package_files().items():
        (model / name).write_bytes(body)
    monkeypatch.setenv("AZUREML_MODEL_DIR", str(model.parent))
    monkeypatch.setenv("AZUREML_BI_OUTPUT_PATH", str(output))
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    rows = sample_rows(40)
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "a" / "rows.parquet")
    rows[3]["distance"] = None
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "b" / "rows.parquet")
    (tmp_path / "b" / "broken.parquet").write_bytes(b"no")
    return tmp_path


def test_it_is_run_as_azure_ml_runs_it(mounted: Path) -> None:
    script = yaml.safe_load((ROOT / "infra/scoring/batch-deployment.yml").read_text())["code_configuration"]
    batches = [[str(mounted / "a/rows.parquet")], [str(mounted / "b/rows.parquet"), str(mounted / "b/broken.parquet")]]
    command = [sys.executable, "-c", DRIVER, str(ROOT), script["scoring_script"], json.dumps(batches)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=mounted)
    assert ran.returncode == 0, ran.stderr
    first, second = (json.loads(line) for line in ran.stdout.splitlines())
    assert [json.loads(line)["rows"] for line in first] == [40]
    (only,) = (json.loads(line) for line in second)
    assert (only["file"], only["rows"], only["rejected"]) == ("rows.parquet", 40, 1)
    assert "broken.parquet is not scored: this is not a parquet file" in ran.stderr
    outputs = sorted(path.name for path in (mounted / "output").iterdir())
    assert len(outputs) == 3
    answers = pq.read_table(mounted / "output" / json.loads(first[0])["output"]).to_pylist()
    expected = [expected_probability(row) for row in sample_rows(40)]
    assert [each["probability"] for each in answers] == pytest.approx(expected, abs=1e-5)


def test_a_mini_batch_that_is_tried_again_leaves_nothing_twice(mounted: Path) -> None:
    batch_endpoint.init()
    batch = [str(mounted / "b/rows.parquet")]
    assert batch_endpoint.run(batch) == batch_endpoint.run(batch)
    assert len(list((mounted / "output").iterdir())) == 2


def test_an_empty_mini_batch_and_a_file_that_is_gone_are_no_error(
    mounted: Path, caplog: pytest.LogCaptureFixture
) -> None:
    batch_endpoint.init()
    with caplog.at_level(logging.ERROR):
        assert batch_endpoint.run([]) == batch_endpoint.run([str(mounted / "gone.parquet")]) == []
    assert "gone.parquet is not scored" in caplog.text


def test_a_package_that_must_not_score_ends_it_at_its_start(mounted: Path) -> None:
    (mounted / "model" / "flights" / "golden.parquet").write_bytes(package_files(2.0)["golden.parquet"])
    with pytest.raises(Refused, match="golden rows"):
        batch_endpoint.init()


def test_a_folder_without_a_package_or_with_two_is_refused(mounted: Path) -> None:
    shutil.copytree(mounted / "model" / "flights", mounted / "model" / "other")
    with pytest.raises(FileNotFoundError, match="one model package is required, found 2"):
        batch_endpoint.init()
    shutil.rmtree(mounted / "model")
    with pytest.raises(FileNotFoundError, match="found 0"):
        batch_endpoint.init()


def test_azure_mls_client_reads_both_files_of_the_deployment() -> None:
    endpoint = load_batch_endpoint(ROOT / "infra/scoring/batch-endpoint.yml")
    deployment: Any = load_model_batch_deployment(ROOT / "infra/scoring/batch-deployment.yml")
    assert deployment.endpoint_name == endpoint.name
    assert (ROOT / deployment.code_configuration.scoring_script).is_file()
    assert str(deployment.settings.output_action) == "summary_only"
