"""Lists may be behind what a GET of the one resource answers, as Azure's index is.

What is stated here of Azure is what Microsoft's own tests of azure-ai-ml 1.35.2 say: between a change and a list they
wait 30 s, "for list index to update" (`test_model_archive_restore_version`, `test_command_job_archive_restore`).
"""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from azure.ai.ml import command
from azure.ai.ml.entities import Model

from tests.local.azure_ml.emulator_process import EmulatorProcess
from tests.support.eventually import eventually

pytestmark = pytest.mark.azure_untested
# Longer than a test waits for its own calls, and than it takes on a busy machine.
_FOR_LONG, _SOON = 600, 1


@pytest.fixture
def lag(server: EmulatorProcess) -> Iterator[Any]:
    """Orders how many seconds lists are behind, from now on."""

    def order(seconds: float) -> None:
        assert server.admin("POST", "/admin/lists", {"lag_s": seconds}) == {"lag_s": seconds}

    yield order
    order(0)


def _register(ml: Any, name: str, version: str) -> None:
    path = f"azureml://datastores/workspaceblobstore/paths/{version}/"
    ml.models.create_or_update(Model(name=name, version=version, path=path, type="custom_model"))


def _versions(ml: Any, name: str) -> list[str]:
    return sorted(model.version for model in ml.models.list(name=name))


def test_a_new_version_is_there_at_once_and_in_lists_later(ml: Any, lag: Any, name: str) -> None:
    _register(ml, name, "1")
    lag(_FOR_LONG)
    _register(ml, name, "2")
    assert ml.models.get(name, "2").version == "2"
    assert _versions(ml, name) == ["1"]
    lag(_SOON)
    _register(ml, name, "3")
    eventually(lambda: _versions(ml, name) == ["1", "2", "3"])


def test_what_is_archived_is_listed_for_a_while(ml: Any, lag: Any, name: str) -> None:
    _register(ml, name, "1")
    lag(_FOR_LONG)
    ml.models.archive(name, "1")
    assert _versions(ml, name) == ["1"]
    lag(_SOON)
    assert _versions(ml, name) == [], "what was so when the lag was ordered is known"
    ml.models.restore(name, "1")
    eventually(lambda: _versions(ml, name) == ["1"])


def test_jobs_are_listed_later_too_and_with_the_status_they_had(
    ml: Any, lag: Any, server: EmulatorProcess, name: str
) -> None:
    lag(_FOR_LONG)
    ml.jobs.create_or_update(command(name=name, command="true", environment="azureml:sluice-jobs:1"))
    server.wait_for_job(name)
    assert ml.jobs.get(name).status == "Completed"
    assert name not in [job.name for job in ml.jobs.list()]
    lag(0)
    assert name in [job.name for job in ml.jobs.list()]


def test_a_lag_that_is_none_is_refused_by_name(server: EmulatorProcess) -> None:
    answer = requests.post(f"{server.operator_url}/admin/lists", json={"lag_s": -1}, timeout=120)
    assert (answer.status_code, answer.json()["error"][0]["field"]) == (400, "lag_s")
