"""Identities: who has no token, an old one, a foreign one, or too few rights is refused, as Azure refuses."""

import time
from typing import Any
from uuid import UUID

import pytest
import requests
from azure.ai.ml import command
from azure.ai.ml.entities import Model
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.identity import DefaultAzureCredential

from infra.local.azure_ml.arm import ArmError
from infra.local.azure_ml.config import Grant, Identity
from infra.local.azure_ml.identity import encode
from infra.local.azure_ml.rights import check
from tests.local.azure_ml.emulator_process import ENVIRONMENT, GROUP, SUBSCRIPTION, TENANT, EmulatorProcess

pytestmark = pytest.mark.azure_untested
MODELS = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.MachineLearningServices"
    "/workspaces/staging/models"
)
CONTROL = "00000000-0000-4000-8000-000000000001"


def _model(name: str) -> Model:
    return Model(name=name, version="1", path="azureml://datastores/workspaceblobstore/paths/p/", type="custom_model")


def test_the_default_credential_works_too(connect: Any, server: EmulatorProcess, name: str) -> None:
    from azure.ai.ml import MLClient

    connect(server)
    ml = MLClient(DefaultAzureCredential(), SUBSCRIPTION, GROUP, "staging")
    ml.models.create_or_update(_model(name))
    assert ml.models.get(name, "1").name == name


def test_reading_is_not_writing(connect: Any, server: EmulatorProcess, name: str) -> None:
    connect(server).models.create_or_update(_model(name))
    reader = connect(server, "reader")
    assert reader.models.get(name, "1").name == name

    with pytest.raises(HttpResponseError) as refused:
        reader.models.archive(name, version="1")

    assert refused.value.status_code == 403
    assert "(AuthorizationFailed)" in refused.value.message
    assert "Microsoft.MachineLearningServices/workspaces/models/versions/write" in refused.value.message
    assert f"/workspaces/staging/models/{name}/versions/1" in refused.value.message


@pytest.mark.parametrize(
    ("pattern", "allowed", "refused"),
    [
        ("jobs/write", "jobs/write", "jobs/read"),
        ("jobs/*", "jobs/cancel/action", "models/read"),
        ("models/write", "models/versions/write", "models/versions/delete"),
        ("Microsoft.MachineLearningServices/workspaces/models/*/read", "models/versions/read", "models/versions/write"),
        ("onlineEndpoints/*", "onlineEndpoints/deployments/write", "datastores/listSecrets/action"),
        ("*/read", "read", "jobs/write"),
    ],
)
def test_patterns_allow_what_they_say(pattern: str, allowed: str, refused: str) -> None:
    grant = Grant(workspace="staging", actions=(pattern,))
    identity = Identity(name="one", header="12345678", oid=UUID(CONTROL), grants=(grant,))
    check(identity, "staging", allowed, "scope")
    with pytest.raises(ArmError, match=refused):
        check(identity, "staging", refused, "scope")


def test_a_right_holds_in_its_workspace_only(connect: Any, server: EmulatorProcess) -> None:
    with pytest.raises(HttpResponseError) as refused:
        list(connect(server, "reader", "production").models.list())
    assert refused.value.status_code == 403


def test_the_full_names_of_a_custom_role_work(connect: Any, server: EmulatorProcess, name: str) -> None:
    trainer = connect(server, "trainer")
    job = command(name=name, command="true", environment=f"azureml:{ENVIRONMENT}:1", experiment_name="t", compute="c")
    trainer.jobs.create_or_update(job)
    assert server.wait_for_job(name)["status"] == "Completed"
    with pytest.raises(HttpResponseError) as refused:
        trainer.models.get(name, "1")
    assert refused.value.status_code == 403


def test_an_identity_without_rights_can_do_nothing(connect: Any, server: EmulatorProcess, name: str) -> None:
    ml = connect(server, "nobody")
    for attempt in (
        lambda: ml.models.get(name, "1"),
        lambda: ml.jobs.get(name),
        lambda: ml.online_endpoints.get(name),
        lambda: ml.workspaces.get("staging"),
        lambda: list(ml.schedules.list()),
    ):
        with pytest.raises(HttpResponseError) as refused:
            attempt()
        assert refused.value.status_code == 403


def test_an_unknown_secret_gets_no_token(connect: Any, server: EmulatorProcess, name: str) -> None:
    with pytest.raises(ClientAuthenticationError):
        connect(server, "stranger").models.get(name, "1")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"exp": time.time() - 1}, "ExpiredAuthenticationToken"),
        ({"aud": "https://vault.azure.net"}, "InvalidAuthenticationTokenAudience"),
        ({"tid": SUBSCRIPTION}, "InvalidAuthenticationTokenTenant"),
        ({"oid": SUBSCRIPTION}, "InvalidAuthenticationToken"),
    ],
)
def test_a_wrong_token_is_refused(server: EmulatorProcess, changes: dict[str, Any], code: str) -> None:
    good = {"aud": "https://management.azure.com", "tid": TENANT, "oid": CONTROL, "exp": time.time() + 60}
    for claims, expected in ((good, 200), (good | changes, 401)):
        answer = _list(server, f"Bearer {encode(claims)}")
        assert answer.status_code == expected
    assert answer.json()["error"]["code"] == code


@pytest.mark.parametrize("authorization", [None, "Basic abc", "Bearer nonsense", "Bearer a.b.c"])
def test_without_a_token_there_is_no_answer(server: EmulatorProcess, authorization: str | None) -> None:
    assert _list(server, authorization).status_code == 401


def _list(server: EmulatorProcess, authorization: str | None) -> requests.Response:
    headers = {"Authorization": authorization} if authorization else {}
    url = f"{server.url}{MODELS}?api-version=2023-08-01-preview"
    return requests.get(url, headers=headers, verify=str(server.certificates.ca), timeout=120)


def test_the_identity_endpoint_answers_as_app_service_does(server: EmulatorProcess) -> None:
    answer = requests.get(
        f"{server.operator_url}/identity/token",
        params={"api-version": "2019-08-01", "resource": "https://storage.azure.com"},
        headers={"X-IDENTITY-HEADER": "secret-of-control"},
        timeout=120,
    ).json()
    assert set(answer) == {"access_token", "expires_on", "resource", "token_type"}
    assert answer["resource"] == "https://storage.azure.com"
    assert int(answer["expires_on"]) > time.time()
