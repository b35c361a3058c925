"""What the local system consists of, as data: the same facts that the Bicep modules state for Azure."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

APPS = ("control", "gateway", "scoring")
APPS_WITH_SIGN_IN = ("gateway",)

USUAL_PORTS = {
    "event_hubs": 5672,
    "event_hubs_admin": 5300,
    "event_hubs_tls": 5671,
    "event_hubs_websockets": 5443,
    "blob": 10000,
    "queue": 10001,
    "table": 10002,
    "control": 7071,
    "gateway": 7072,
    "scoring": 7073,
    "azure_ml": 8443,
    "identity": 8444,
}


@dataclass(frozen=True)
class Hub:
    """An event hub; `observers` is read by people and tests, with the root key only."""

    name: str
    consumer_groups: tuple[str, ...]
    partitions: int = 2


@dataclass(frozen=True)
class HubGrant:
    """What one sender or reader may do on one hub."""

    owner: str
    hub: str
    rights: tuple[str, ...]


@dataclass(frozen=True)
class StorageGrant:
    """An account SAS: `services` of `b`lobs, `q`ueues, `t`ables; `permissions` as Azure's letters."""

    services: str
    permissions: str


@dataclass(frozen=True)
class WorkspaceGrant:
    """What an identity may do in one workspace."""

    workspace: str
    actions: tuple[str, ...]


@dataclass(frozen=True)
class Person:
    """Somebody to sign in as."""

    name: str
    email: str
    persona: str


# Written from what the product's services declare; the templates for Azure read the same file.
STREAMS: dict[str, Any] = json.loads((Path(__file__).parents[1] / "streams.json").read_text())
HUBS = tuple(Hub(name, tuple(hub["consumerGroups"]), hub["partitions"]) for name, hub in STREAMS.items())

HUB_GRANTS = (
    HubGrant("azure-ml", "inbound", ("Send",)),
    HubGrant("gateway", "inbound", ("Send",)),
    HubGrant("control", "inbound", ("Listen",)),
    HubGrant("control", "events", ("Send", "Listen")),
    HubGrant("gateway", "decisions", ("Send",)),
    HubGrant("operators", "decisions", ("Send", "Listen")),
    HubGrant("control", "decisions", ("Listen",)),
    HubGrant("scoring", "predictions", ("Send",)),
    HubGrant("control", "predictions", ("Listen",)),
    HubGrant("truth", "labels", ("Send",)),
    HubGrant("control", "labels", ("Listen",)),
    HubGrant("control", "dead-letter", ("Send",)),
    *(HubGrant("operators", hub, ("Listen",)) for hub in ("inbound", "events", "predictions", "labels", "dead-letter")),
)

# An app is known by its identity, as in Azure, where keys are off; a key is for who has none here.
KEYED = tuple(grant for grant in HUB_GRANTS if grant.owner not in APPS)

# The account of the product's data. Each app keeps its host's own state in an account of its own.
STORAGE_ACCOUNT = "sluice"
HOST_ACCOUNTS = {app: f"{app}host" for app in APPS}
STORAGE_GRANTS = {
    "control": StorageGrant("bt", "rwdlacu"),
    "gateway": StorageGrant("bt", "rl"),
    "scoring": StorageGrant("b", "rlc"),
    "jobs": StorageGrant("b", "rwlac"),
    "operators": StorageGrant("bt", "rl"),
    "submitters": StorageGrant("b", "rwlc"),
    # What an operator is given for a repair, and not before: to set positions back.
    "menders": StorageGrant("t", "rau"),
}
CONTAINERS = (
    "evidence",
    "letters",
    "models",
    "serving",
    "captures",
    "labels",
    "azureml",
    "batch-in",
    "batch-out",
    "seals",
    "archive",
)
# Azurite tells nobody of new blobs; for these containers, what plays Event Grid here looks for itself.
WATCHED_CONTAINERS = ("batch-in",)
HOST_CONTAINERS = ("azure-webjobs-hosts", "azure-webjobs-eventhub")
TABLES = ("ledger", "folds", "deadlines", "approvals", "pending", "positions", "brakes", "letters", "policies", "grown")

SUBSCRIPTION = "5ec0de00-0000-4000-8000-000000000001"
TENANT = "5ec0de00-0000-4000-8000-000000000002"
RESOURCE_GROUP = "sluice"
DEVELOPMENT, STAGING, PRODUCTION = "development", "staging", "production"
WORKSPACES = (DEVELOPMENT, STAGING, PRODUCTION)

# No identity of an app may do everything; `operators` stands for a person with rights in all workspaces.
IDENTITIES: dict[str, tuple[WorkspaceGrant, ...]] = {
    "control": (
        WorkspaceGrant("*", ("*/read", "jobs/*", "models/*")),
        WorkspaceGrant(STAGING, ("onlineEndpoints/*",)),
        WorkspaceGrant(PRODUCTION, ("onlineEndpoints/*",)),
    ),
    "gateway": (),
    "scoring": (),
    "jobs": (WorkspaceGrant("*", ("*/read",)), WorkspaceGrant(STAGING, ("onlineEndpoints/*",))),
    "pipelines": (WorkspaceGrant("*", ("*/read",)), WorkspaceGrant(DEVELOPMENT, ("jobs/*", "models/*"))),
    "operators": (WorkspaceGrant("*", ("*",)),),
}

# Every endpoint that the policy in force has promoted a model of, also those that are added while it runs.
SERVING_ENDPOINT = "*"

PERSONAS = (
    "data-scientist",
    "data-analyst",
    "model-tester",
    "business-stakeholder",
    "project-lead",
    "product-owner",
    "platform-support",
    "model-end-user",
)
PEOPLE = (
    Person("Dana Okafor", "dana@example.com", "data-scientist"),
    Person("Ana Lindqvist", "ana@example.com", "data-analyst"),
    Person("Tariq Haddad", "tariq@example.com", "model-tester"),
    Person("Bea Romano", "bea@example.com", "business-stakeholder"),
    Person("Lea Novak", "lea@example.com", "project-lead"),
    Person("Omar Diallo", "omar@example.com", "product-owner"),
    Person("Petra Weiss", "petra@example.com", "platform-support"),
    Person("Uma Iyer", "uma@example.com", "model-end-user"),
)
