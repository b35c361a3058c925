"""Online endpoints and deployments over the real client: traffic rules, both kinds of operation, failures."""

from typing import Any

import pytest
from azure.ai.ml.entities import ManagedOnlineDeployment, ManagedOnlineEndpoint, Model
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError

from tests.local.azure_ml.emulator_process import EmulatorProcess
from tests.support.eventually import eventually

pytestmark = pytest.mark.azure_untested
PLACE = "azureml://datastores/workspaceblobstore/paths/packages/one/"


def _endpoint(ml: Any, name: str) -> Any:
    return ml.online_endpoints.begin_create_or_update(ManagedOnlineEndpoint(name=name, auth_mode="key")).result()


def _deploy(ml: Any, name: str, deployment: str) -> Any:
    ml.models.create_or_update(Model(name=name, version="1", path=PLACE, type="custom_model"))
    wanted = ManagedOnlineDeployment(
        name=deployment,
        endpoint_name=name,
        model=f"azureml:{name}:1",
        environment="azureml:sluice-jobs:1",
        instance_type="Standard_DS3_v2",
        instance_count=1,
    )
    return ml.online_deployments.begin_create_or_update(wanted).result()


def _route(ml: Any, name: str, traffic: dict[str, int], mirror: dict[str, int] | None = None) -> Any:
    endpoint = ml.online_endpoints.get(name)
    endpoint.traffic, endpoint.mirror_traffic = traffic, mirror or {}
    return ml.online_endpoints.begin_create_or_update(endpoint).result()


def test_operations_that_take_their_time_are_waited_for(connect: Any, slow_server: EmulatorProcess, name: str) -> None:
    ml = connect(slow_server)
    assert _endpoint(ml, name).provisioning_state == "Succeeded"
    assert _deploy(ml, name, "blue").provisioning_state == "Succeeded"
    assert _route(ml, name, {"blue": 100}).traffic == {"blue": 100}


def test_traffic_moves_from_one_deployment_to_the_other(ml: Any, name: str) -> None:
    assert _endpoint(ml, name).provisioning_state == "Succeeded"
    for color in ("blue", "green"):
        _deploy(ml, name, color)
    _route(ml, name, {"blue": 100}, {"green": 10})
    assert ml.online_endpoints.get(name).mirror_traffic == {"green": 10}
    _route(ml, name, {"blue": 90, "green": 10})

    assert ml.online_endpoints.get(name).traffic == {"blue": 90, "green": 10}
    assert {each.name for each in ml.online_deployments.list(name)} == {"blue", "green"}
    assert ml.online_deployments.get("green", name).provisioning_state == "Succeeded"
    assert name in {each.name for each in ml.online_endpoints.list()}


@pytest.mark.parametrize(
    ("traffic", "mirror", "reason"),
    [
        ({"blue": 90}, {}, "sum to 0 or 100"),
        ({"blue": 90, "red": 10}, {}, "does not exist"),
        ({"blue": 100}, {"green": 60}, "At most 50"),
        ({"blue": 90, "green": 10}, {"green": 10}, "live traffic"),
    ],
)
def test_traffic_against_the_rules_is_refused(
    ml: Any, name: str, traffic: dict[str, int], mirror: dict[str, int], reason: str
) -> None:
    _endpoint(ml, name)
    for color in ("blue", "green"):
        _deploy(ml, name, color)
    with pytest.raises(HttpResponseError, match=reason) as refused:
        _route(ml, name, traffic, mirror)
    assert refused.value.status_code == 400
    assert not any(ml.online_endpoints.get(name).traffic.values())


def test_a_deployment_with_traffic_is_not_deleted(ml: Any, name: str) -> None:
    _endpoint(ml, name)
    _deploy(ml, name, "blue")
    _route(ml, name, {"blue": 100})
    with pytest.raises(HttpResponseError, match="still has traffic"):
        ml.online_deployments.begin_delete("blue", name)

    _route(ml, name, {"blue": 0})
    ml.online_deployments.begin_delete("blue", name).result()
    assert list(ml.online_deployments.list(name)) == []


@pytest.mark.parametrize("mode", ["server", "slow_server"])
def test_deleting_an_endpoint_deletes_its_deployments(
    mode: str, request: pytest.FixtureRequest, connect: Any, name: str
) -> None:
    ml = connect(request.getfixturevalue(mode))
    _endpoint(ml, name)
    _deploy(ml, name, "blue")
    ml.online_endpoints.begin_delete(name).result()
    with pytest.raises(ResourceNotFoundError):
        ml.online_endpoints.get(name)
    with pytest.raises(ResourceNotFoundError):
        ml.online_deployments.get("blue", name)
    ml.online_endpoints.begin_delete(name).result()


def test_keys_and_logs_can_be_read(ml: Any, name: str) -> None:
    _endpoint(ml, name)
    _deploy(ml, name, "blue")
    keys = ml.online_endpoints.get_keys(name)
    assert len({keys.primary_key, keys.secondary_key}) == 2
    assert "Succeeded" in ml.online_deployments.get_logs("blue", name, lines=10)


def test_a_deployment_needs_a_registered_model_and_an_endpoint(ml: Any, name: str) -> None:
    with pytest.raises(ResourceNotFoundError):
        _deploy(ml, name, "blue")
    _endpoint(ml, name)
    wanted = ManagedOnlineDeployment(name="blue", endpoint_name=name, model="azureml:unknown-model:1", environment="azureml:sluice-jobs:1")  # fmt: skip # noqa: E501
    with pytest.raises(HttpResponseError, match="not registered"):
        ml.online_deployments.begin_create_or_update(wanted)


def test_a_busy_endpoint_answers_conflict(connect: Any, slow_server: EmulatorProcess, name: str) -> None:
    ml = connect(slow_server)
    _endpoint(ml, name)
    slow_server.admin("POST", "/admin/faults", [{"match": {"method": "PUT", "path_regex": name}, "lro": "never"}])
    ml.online_endpoints.begin_create_or_update(ManagedOnlineEndpoint(name=name, auth_mode="key"))
    assert ml.online_endpoints.get(name).provisioning_state == "Updating"
    with pytest.raises(ResourceExistsError):
        ml.online_endpoints.begin_create_or_update(ManagedOnlineEndpoint(name=name, auth_mode="key"))


@pytest.mark.parametrize("mode", ["server", "slow_server"])
def test_a_failed_operation_leaves_the_old_traffic(
    mode: str, request: pytest.FixtureRequest, connect: Any, name: str
) -> None:
    server = request.getfixturevalue(mode)
    ml = connect(server)
    _endpoint(ml, name)
    _deploy(ml, name, "blue")
    server.admin("POST", "/admin/faults", [{"match": {"method": "PUT", "path_regex": name}, "lro": "fail", "times": 1}])

    with pytest.raises(HttpResponseError) as failed:
        _route(ml, name, {"blue": 100})

    assert "(ResourceOperationFailure)" in failed.value.message
    endpoint = ml.online_endpoints.get(name)
    assert endpoint.provisioning_state == "Failed"
    assert not any(endpoint.traffic.values())
    assert _route(ml, name, {"blue": 100}).traffic == {"blue": 100}


def test_cancel_is_polled_until_the_job_has_ended(connect: Any, slow_server: EmulatorProcess, name: str) -> None:
    from azure.ai.ml import command

    ml = connect(slow_server)
    ml.jobs.create_or_update(
        command(name=name, command="sleep 1000", environment="azureml:sluice-jobs:1", experiment_name="tests")
    )
    slow_server.wait_for_job(name, "Running")
    poller = ml.jobs.begin_cancel(name)
    poller.wait(10)
    assert poller.done()
    assert eventually(lambda: slow_server.job(name)["status"]) == "Canceled"
