"""The local system gives each app the settings that the templates write, in their forms; what differs has a reason."""

import re
from pathlib import Path

import pytest

from infra.local import app_settings, topology
from infra.local.system import Options, System
from tests.infra.templates import all_templates
from tests.infra.test_app_settings import given

# Of Azure alone: telemetry, and the sign-in that stands in for a client secret.
AZURE_ONLY = {
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    "OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID",
}
# Of one machine alone: what App Service or the plan sets by itself, certificates nobody else trusts, notices as files,
# a lease that ends within a test's patience, and storage, whose stand-in knows no rights by identity (ADR 0006).
LOCAL_ONLY = {
    "FUNCTIONS_WORKER_RUNTIME",
    "IDENTITY_ENDPOINT",
    "IDENTITY_HEADER",
    "AZUREML_DEV_URL_MFE",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_FILE",
    "NOTIFY_OUTBOX",
    "LEASE_S",
    "AzureWebJobsStorage",
}
# Both have a default that is right on one machine.
DEFAULTS = {"MODEL_DATASTORES", "SERVING_WORKSPACE"}


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> System:
    return System(tmp_path_factory.mktemp("run"), Options())


def written(app: str) -> set[str]:
    """Names of all settings that the templates write for an app."""
    main, files = all_templates()["main.bicep"], all_templates()
    of_all = re.findall(r"^    (\w+): ", files["modules/function_app.bicep"].text.partition("union(settings")[2], re.M)
    family = re.findall(r"'\$\{each\.key\}__(\w+)'", files["modules/trigger_settings.bicep"].text)
    triggers = main.parameters_of(f"{app}App").get("triggers", {})
    return {*given(main, app), *of_all, *(f"{name}__{part}" for name in triggers for part in family)}


@pytest.mark.parametrize("app", topology.APPS)
def test_names_and_set_are_those_of_the_templates(app: str, system: System) -> None:
    local = set(app_settings.of(app, system.addresses, Path("policy.yaml"))) - LOCAL_ONLY
    azure = {name for name in written(app) if not name.startswith("AzureWebJobsStorage__")} - AZURE_ONLY - DEFAULTS
    assert local == azure


@pytest.mark.parametrize("app", topology.APPS)
def test_forms_are_those_of_the_templates(app: str, system: System) -> None:
    """A hub is `<namespace>/<hub>` and no connection string; who listens is a managed identity."""
    local = app_settings.of(app, system.addresses, Path("policy.yaml"))
    for name, value in local.items():
        if name.startswith("HUB_"):
            assert re.fullmatch(r"localhost:\d+/[a-z-]+", value)
        if name.endswith("__credential"):
            assert value == "managedidentity"
        if name.endswith("__clientId"):
            assert value == local["AZURE_CLIENT_ID"]
    assert "SharedAccessKey" not in "".join(value for name, value in local.items() if name != "SLUICE_STORAGE")
