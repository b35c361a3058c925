"""The rest of the workspace over the real client: itself, compute, environments, datastores, schedules."""

from datetime import datetime
from typing import Any

import pytest
from azure.ai.ml import command
from azure.ai.ml.entities import AzureBlobDatastore, CronTrigger, Environment, JobSchedule
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from tests.local.azure_ml.emulator_process import ENVIRONMENT, EmulatorProcess

# A schedule may name a job that ran before.
PIPELINE = "azureml:some-pipeline-job"
pytestmark = pytest.mark.azure_untested


def test_the_workspace_says_where_its_data_plane_is(ml: Any, server: EmulatorProcess) -> None:
    workspace = ml.workspaces.get("staging")
    assert workspace.name == "staging"
    assert workspace.discovery_url == f"{server.url}/discovery"


def test_an_unknown_workspace_is_not_found(connect: Any, server: EmulatorProcess) -> None:
    with pytest.raises(ResourceNotFoundError):
        connect(server, workspace="elsewhere").models.get("m", "1")


def test_the_compute_is_this_machine(ml: Any) -> None:
    assert ml.compute.get("local").provisioning_state == "Succeeded"
    with pytest.raises(ResourceNotFoundError):
        ml.compute.get("gpu")


def test_configured_environments_have_a_latest_version(ml: Any, server: EmulatorProcess, name: str) -> None:
    assert ml.environments.get(ENVIRONMENT, label="latest").version == "1"
    job = command(
        name=name, command="true", environment=f"{ENVIRONMENT}@latest", experiment_name="tests", compute="local"
    )
    ml.jobs.create_or_update(job)
    assert server.wait_for_job(name)["status"] == "Completed"


def test_environments_can_be_registered(ml: Any, name: str) -> None:
    ml.environments.create_or_update(Environment(name=name, version="2", image="python:3.13"))
    assert ml.environments.get(name, "2").image == "python:3.13"


def test_the_default_datastore_is_the_workspace_blob_store(ml: Any) -> None:
    store = ml.datastores.get_default(include_secrets=True)
    assert (store.name, store.container_name) == ("workspaceblobstore", "azureml")
    assert "sig=" in store.credentials.sas_token


def test_datastores_can_be_added(ml: Any, name: str) -> None:
    ml.datastores.create_or_update(
        AzureBlobDatastore(name=name, account_name="devstoreaccount1", container_name="captures")
    )
    assert ml.datastores.get(name).container_name == "captures"
    assert name in {store.name for store in ml.datastores.list()}


@pytest.mark.parametrize("mode", ["server", "slow_server"])
def test_schedules_are_kept(mode: str, request: pytest.FixtureRequest, connect: Any, name: str) -> None:
    ml = connect(request.getfixturevalue(mode))
    trigger = CronTrigger(expression="0 3 * * *", start_time=datetime(2030, 1, 1), time_zone="UTC")  # noqa: DTZ001
    ml.schedules.begin_create_or_update(JobSchedule(name=name, trigger=trigger, create_job=PIPELINE)).result()

    assert ml.schedules.get(name).trigger.expression == "0 3 * * *"
    assert name in {each.name for each in ml.schedules.list()}
    ml.schedules.begin_disable(name).result()
    assert name not in {each.name for each in ml.schedules.list()}
    ml.schedules.begin_delete(name).result()
    with pytest.raises(HttpResponseError):
        ml.schedules.get(name)
