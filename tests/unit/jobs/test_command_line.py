"""The job as Azure ML starts it: a command, an environment, an exit code."""

import hashlib
import json
import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from shared.events import Window, canonical
from shared.packages import PerformanceRequestBody
from tests.unit.jobs import material
from tests.unit.jobs.conftest import Bench

MAY = Window(start=datetime(2013, 5, 1, tzinfo=UTC), end=datetime(2013, 6, 1, tzinfo=UTC))


def start(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("SLUICE_STORAGE", "AZUREML_RUN_ID")}
    command = [sys.executable, "-m", "function_app.jobs", *arguments]
    return subprocess.run(command, env=kept | environment, capture_output=True, text=True, check=False)


async def test_the_report_is_found_by_the_name_that_azure_ml_gave_the_job(bench: Bench) -> None:
    package = await bench.adopt(material.small_package())
    request = PerformanceRequestBody(endpoint=material.endpoint("cli"), package=package, window=MAY)
    body = canonical(request.model_dump(mode="json"))
    digest = hashlib.sha256(body).hexdigest()
    await bench.put("evidence", f"{digest[:2]}/{digest}", body)
    ended = start("performance", "--request", digest, SLUICE_STORAGE=bench.address, AZUREML_RUN_ID="run-1")
    assert ended.returncode == 0, ended.stderr
    found = (await bench.read("reports/run-1")).decode()
    assert json.loads(await bench.read(f"{found[:2]}/{found}"))["baseline"] == {"roc_auc": 0.9}


async def test_a_request_that_is_not_there_ends_the_job_with_a_sentence(bench: Bench) -> None:
    ended = start("staging", "--request", "0" * 64, "--job", "lost", SLUICE_STORAGE=bench.address)
    assert ended.returncode == 1
    assert ended.stderr.startswith("staging: Absent: ")
    assert "AccountKey" not in ended.stderr


@pytest.mark.parametrize(
    ("environment", "named"), [({}, "SLUICE_STORAGE"), ({"SLUICE_STORAGE": "UseDevelopmentStorage=true"}, "--job")]
)
def test_what_is_missing_is_named(environment: dict[str, str], named: str) -> None:
    ended = start("staging", "--request", "0" * 64, **environment)
    assert ended.returncode == 2
    assert named in ended.stderr
