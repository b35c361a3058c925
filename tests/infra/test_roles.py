"""Roles by name, each on the narrowest thing it can be on, and API versions that were looked at."""

import re
from typing import Any

import pytest

from tests.infra.templates import Template, accessed, all_templates, body, changed, template

ROLES = {
    "2b629674-e913-4c01-ae53-ef4638d8f975": "eventHubsDataSender",
    "a638d3c7-ab3a-418d-83e6-5f17a39d4fde": "eventHubsDataReceiver",
    "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": "storageBlobDataReader",
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "storageBlobDataOwner",
    "76199698-9eea-4c19-bc75-cec21354c6b6": "storageTableDataReader",
    "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3": "storageTableDataContributor",
    "3913510d-42f4-4e42-8a64-420c390055eb": "monitoringMetricsPublisher",
    "4633458b-17de-408a-b874-0445c86b69e6": "keyVaultSecretsUser",
    "b86a8fe4-44ce-4948-aee5-eccb2c155cd7": "keyVaultSecretsOfficer",
}
# A role to the one type of resource that it may be given on; `role` and `roles.*` are our own, made by the templates.
SCOPES = {
    "eventHubsDataSender": "Microsoft.EventHub/namespaces/eventhubs",
    "eventHubsDataReceiver": "Microsoft.EventHub/namespaces/eventhubs",
    "storageBlobDataReader": "Microsoft.Storage/storageAccounts/blobServices/containers",
    "roles": "Microsoft.Storage/storageAccounts/blobServices/containers",
    "storageTableDataReader": "Microsoft.Storage/storageAccounts/tableServices/tables",
    "storageTableDataContributor": "Microsoft.Storage/storageAccounts/tableServices/tables",
    "monitoringMetricsPublisher": "Microsoft.Insights/components",
    "keyVaultSecretsUser": "Microsoft.KeyVault/vaults",
    "keyVaultSecretsOfficer": "Microsoft.KeyVault/vaults",
    "role": "Microsoft.MachineLearningServices/workspaces",
    # The account of one app's host, in which the host makes its own containers.
    "storageBlobDataOwner": "Microsoft.Storage/storageAccounts",
}
API_VERSIONS = {
    "Microsoft.Authorization": {"2022-04-01"},
    "Microsoft.EventGrid": {"2025-02-15"},
    "Microsoft.EventHub": {"2024-01-01"},
    "Microsoft.Insights": {"2020-02-02", "2023-01-01", "2024-10-01-preview", "2026-03-01"},
    "Microsoft.KeyVault": {"2024-11-01"},
    "Microsoft.MachineLearningServices": {"2025-09-01"},
    "Microsoft.ManagedIdentity": {"2023-01-31"},
    "Microsoft.OperationalInsights": {"2023-09-01"},
    "Microsoft.Storage": {"2024-01-01"},
    "Microsoft.Web": {"2024-04-01", "2024-11-01"},
}
# What control's role in the workspaces allows: the calls of the adapter, and what Azure wants of whoever submits a job.
ML_ACTIONS = {
    "read", "*/read", "jobs/write", "jobs/cancel/action", "models/versions/write",
    "environments/build/action", "environments/readSecrets/action", "metadata/artifacts/write",
}  # fmt: skip
# What the host of an app keeps for itself, each in an account of its own: blobs, and a table that it makes each month.
HOSTS_OWN = ("modules/function_app.bicep", {"storageTableDataContributor": "Microsoft.Storage/storageAccounts"})
NARROWER = {"keyVaultSecretsUser": "Microsoft.KeyVault/vaults/secrets"}
# Which list of principals gets which role.
LISTS = {
    "modules/hub.bicep": {"senders": "eventHubsDataSender", "receivers": "eventHubsDataReceiver"},
    "modules/container.bicep": {
        "readers": "storageBlobDataReader",
        "writers": "roles.writer",
        "creators": "roles.creator",
    },
    "modules/table.bicep": {"readers": "storageTableDataReader", "writers": "storageTableDataContributor"},
    "modules/observability.bicep": {"senders": "monitoringMetricsPublisher"},
    "modules/key_vault.bicep": {"readers": "keyVaultSecretsUser", "officers": "keyVaultSecretsOfficer"},
}
_GUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE)


def strange_roles(file: Template) -> list[str]:
    """GUIDs that are no known role, or a role under another's name."""
    named = {str(each["value"]): name for name, each in file.section("variables").items()}
    wrong = (guid for guid in _GUID.findall(file.text) if ROLES.get(guid, "unknown") != named.get(guid))
    return [f"{guid}: {ROLES.get(guid, 'unknown')}, called {named.get(guid)}" for guid in wrong]


def wide_assignments(file: Template) -> list[str]:
    """Role assignments without a scope, or on something wider than the role is meant for."""
    found = []
    for name, resource in file.section("resources").items():
        if resource["type"] != "Microsoft.Authorization/roleAssignments":
            continue
        role, scope = _role(body(resource)), _scope(file, body(resource).get("scope"))
        of_a_host = HOSTS_OWN[1].get(role) if file.path == HOSTS_OWN[0] else None
        if scope not in (SCOPES.get(role), NARROWER.get(role), of_a_host):
            found.append(f"{name}: {role} on {scope}")
    return found


def roles_of_lists(file: Template) -> dict[str, str]:
    """The parameter that an assignment loops over to the role that its members get."""
    loops = [each["config"] for each in file.section("resources").values() if "roleAssignments" in each["type"]]
    return {loop["loop_type"]["detail"]["array_name"]: ".".join(_role_path(loop["config"])) for loop in loops}


def crossed_parameters(file: Template) -> list[str]:
    """Fields of a list's items that a looping module passes on under another name."""
    found = []
    for module in file.section("modules"):
        for name, value in file.parameters_of(module).items():
            path = accessed(value)
            if path[:1] == ["each"] and path != ["each", name]:
                found.append(f"{module}: {name} is {'.'.join(path)}")
    return found


def _role(assignment: dict[str, Any]) -> str:
    return _role_path(assignment)[0]


def _role_path(assignment: dict[str, Any]) -> list[str]:
    role = assignment["properties"]["roleDefinitionId"]
    if "function" in role:
        return [str(role["function"]["parameters"]["resource_name_1"])]
    return accessed(role)


def _scope(file: Template, scope: Any) -> str:
    if isinstance(scope, dict):
        scope = scope["operator"]["operands"]["operand_1"]
    declared = file.section("resources").get(scope)
    return str(declared["type"]) if declared else "the resource group"


def unknown_versions(file: Template) -> list[str]:
    found = []
    for name, resource in file.section("resources").items():
        provider = resource["type"].partition("/")[0]
        if resource["api_version"] not in API_VERSIONS.get(provider, set()):
            found.append(f"{name}: {resource['type']}@{resource['api_version']}")
    return found


@pytest.mark.parametrize("path", all_templates())
def test_roles_are_known_and_narrow(path: str) -> None:
    file = all_templates()[path]
    assert strange_roles(file) == []
    assert wide_assignments(file) == []
    assert unknown_versions(file) == []


def test_an_unknown_or_misnamed_role_is_found() -> None:
    owner = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
    assert strange_roles(template(f"var eventHubsDataSender = '{owner}'"))
    receiver = "a638d3c7-ab3a-418d-83e6-5f17a39d4fde"
    assert strange_roles(template(f"var eventHubsDataSender = '{receiver}'")) == [
        f"{receiver}: eventHubsDataReceiver, called eventHubsDataSender"
    ]


def test_a_role_on_a_whole_namespace_or_resource_group_is_found() -> None:
    whole = changed("modules/hub.bicep", "scope: hub", "scope: namespace")
    assert wide_assignments(whole) == ["maySend: eventHubsDataSender on Microsoft.EventHub/namespaces"]
    unscoped = changed("modules/hub.bicep", "  scope: hub\n", "")
    assert wide_assignments(unscoped) == ["maySend: eventHubsDataSender on the resource group"]


def test_a_version_that_nobody_looked_at_is_found() -> None:
    assert unknown_versions(changed("modules/table.bicep", "tables@2024-01-01", "tables@2019-06-01"))


@pytest.mark.parametrize("path", LISTS)
def test_each_list_of_principals_gets_its_role(path: str) -> None:
    assert roles_of_lists(all_templates()[path]) == LISTS[path]


@pytest.mark.parametrize("path", ["modules/event_hubs.bicep", "modules/product_storage.bicep"])
def test_lists_of_principals_arrive_under_their_own_names(path: str) -> None:
    assert crossed_parameters(all_templates()[path]) == []


def test_a_list_that_gets_anothers_role_is_found() -> None:
    path = "modules/hub.bicep"
    wrong = changed(path, "roleDefinitions', eventHubsDataReceiver", "roleDefinitions', eventHubsDataSender")
    assert roles_of_lists(wrong)["receivers"] == "eventHubsDataSender"
    crossed = changed("modules/event_hubs.bicep", "senders: each.senders", "senders: each.receivers")
    assert crossed_parameters(crossed) == ["hub: senders is each.receivers"]


def _actions(path: str, role: str, kind: str) -> set[str]:
    (permission,) = body(all_templates()[path].section("resources")[role])["properties"]["permissions"]
    return set(permission[kind])


def test_control_may_only_read_run_jobs_and_register_models_in_the_workspaces() -> None:
    prefix = "Microsoft.MachineLearningServices/workspaces/"
    assert _actions("modules/ml_role.bicep", "role", "actions") == {prefix + action for action in ML_ACTIONS}
    assert _actions("modules/ml_role.bicep", "role", "dataActions") == set()


def test_our_blob_roles_delete_nothing_and_a_creator_only_adds() -> None:
    prefix = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/"
    path = "modules/storage_roles.bicep"
    assert _actions(path, "writer", "dataActions") == {prefix + part for part in ("read", "write", "add/action")}
    assert _actions(path, "creator", "dataActions") == {prefix + "add/action"}
    assert _actions(path, "writer", "actions") == _actions(path, "creator", "actions") == set()
