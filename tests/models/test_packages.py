"""`make test-models`: every model becomes a package that staging takes, and answers what its own library answers.

The libraries are installed where they are not yet, about 1 GB.
"""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from function_app.model_builder.environment import installed
from function_app.operator.__main__ import app
from tests.support.figures import Figure

pytestmark = [pytest.mark.models, pytest.mark.timeout(1800)]
_ORIGINALS = Path(__file__).with_name("originals.py")
# Left out of the check: what these data sets cannot say.
_UNJUDGED = {"bias.groups"}


@pytest.fixture(scope="module")
def fitted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if "models" not in str(request.config.getoption("markexpr")):
        pytest.skip("installs other libraries: runs with -m models, that is `make test-models`")
    folder = tmp_path_factory.mktemp("models")
    python = installed(lambda words: None)
    subprocess.run([python, _ORIGINALS, folder], check=True, timeout=900)
    return folder


@pytest.fixture
def made(fitted: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((fitted / "originals.json").read_text())
    return found


def sluice(*arguments: str) -> Any:
    found = CliRunner().invoke(app, ["model", *arguments, "--json"])
    return json.loads(found.stdout) if found.exit_code == 0 else {"failed": found.output}


def test_every_model_is_built_and_checked_and_answers_as_its_own_library(
    fitted: Path, made: list[dict[str, Any]], figure: Figure
) -> None:
    wrong = {}
    for each in made:
        model, place = str(fitted / each["model"]), str(fitted / "packages" / each["model"])
        rows = ["--data", f"{model}.seen.parquet", "--test", f"{model}.unseen.parquet"]
        labels = [word for label in each["labels"] for word in ("--label", label)]
        built = sluice("build", model, *rows, *labels, "-o", place)
        checked = sluice("check", place) if "failed" not in built else built
        open_points = [
            f"{check['name']}: {check['detail']}"
            for check in checked.get("checks", [])
            if check["verdict"] != "passed" and check["name"] not in _UNJUDGED
        ]
        if "failed" in checked or open_points:
            wrong[each["name"]] = checked.get("failed") or open_points
            continue
        figure(f"{each['name']}: {built['rows']} rows at most {built['apart']:.1e} apart, {checked['verdict']}")
    assert wrong == {}, json.dumps(wrong, indent=1)
