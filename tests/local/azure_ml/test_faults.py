"""Faults: what the real client makes of refusals, delays, lost and torn answers."""

from typing import Any

import pytest
import requests
from azure.ai.ml.entities import Model
from azure.core.exceptions import AzureError, HttpResponseError, ServiceResponseError

from tests.local.azure_ml.emulator_process import EmulatorProcess

pytestmark = pytest.mark.local_only


def _model(name: str) -> Model:
    return Model(name=name, version="1", path="azureml://datastores/workspaceblobstore/paths/p/", type="custom_model")


def _fault(server: EmulatorProcess, name: str, method: str, **effects: Any) -> None:
    server.admin("POST", "/admin/faults", [{"match": {"method": method, "path_regex": name}, **effects}])


@pytest.mark.parametrize("status", [400, 429, 500, 503])
def test_a_status_is_answered_as_often_as_asked(ml: Any, server: EmulatorProcess, name: str, status: int) -> None:
    ml.models.create_or_update(_model(name))
    _fault(server, name, "GET", status=status, times=2)
    for _ in range(2):
        with pytest.raises(HttpResponseError) as refused:
            ml.models.get(name, "1")
        assert refused.value.status_code == status
    assert ml.models.get(name, "1").name == name


def test_the_client_waits_as_long_as_retry_after_says(connect: Any, server: EmulatorProcess, name: str) -> None:
    ml = connect(server, retry_total=3)
    ml.models.create_or_update(_model(name))
    _fault(server, name, "GET", status=429, retry_after=1, times=1)
    before = server.count("GET", f"/models/{name}/versions/1")
    assert ml.models.get(name, "1").name == name
    assert server.count("GET", f"/models/{name}/versions/1") == before + 2


def test_a_lost_answer_was_still_a_write(ml: Any, server: EmulatorProcess, name: str) -> None:
    _fault(server, name, "PUT", answer_lost=True)
    with pytest.raises(AzureError) as lost:
        ml.models.create_or_update(_model(name))
    assert not isinstance(lost.value, HttpResponseError)
    assert ml.models.get(name, "1").name == name


def test_a_torn_answer_is_an_error_not_a_model(ml: Any, server: EmulatorProcess, name: str) -> None:
    ml.models.create_or_update(_model(name))
    _fault(server, name, "GET", truncate=True, times=1)
    with pytest.raises(AzureError):
        ml.models.get(name, "1")


def test_a_slow_answer_runs_into_the_client_s_time_limit(connect: Any, server: EmulatorProcess, name: str) -> None:
    ml = connect(server, read_timeout=0.2)
    _fault(server, name, "GET", delay_s=1.0, times=1)
    with pytest.raises(ServiceResponseError):
        ml.models.get(name, "1")


def test_faults_are_listed_and_cleared(server: EmulatorProcess, name: str) -> None:
    _fault(server, name, "GET", status=500)
    assert server.admin("GET", "/admin/faults")[0]["match"]["path_regex"] == name
    assert server.admin("DELETE", "/admin/faults") == []
    assert server.admin("GET", "/admin/faults") == []


def test_a_fault_nobody_knows_is_refused_by_name(server: EmulatorProcess) -> None:
    answer = requests.post(f"{server.operator_url}/admin/faults", json=[{"statsu": 500}], timeout=120)
    assert answer.status_code == 400
    assert answer.json()["error"][0]["field"] == "0.statsu"
