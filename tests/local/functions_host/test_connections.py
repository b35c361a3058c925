"""Connections are found where the real host finds them; what it would not start with ends this one with a reason."""

import os

import pytest
from azure.eventhub.aio import EventHubConsumerClient
from azure.identity.aio import DefaultAzureCredential, ManagedIdentityCredential

from infra.local.functions_host.connections import event_hubs_connection, host_storage
from infra.local.functions_host.errors import HostError
from infra.local.functions_host.event_hubs.client import client_of

KEYED = "Endpoint=sb://{}/;SharedAccessKeyName=n;SharedAccessKey=a2V5"
FAMILY = "X__fullyQualifiedNamespace"


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in os.environ:
        if "X" in (name.removeprefix("AzureWebJobs")[:1], name.removeprefix("ConnectionStrings__")[:1]):
            monkeypatch.delenv(name)
    return monkeypatch


@pytest.mark.observed(
    "connections: AzureWebJobs<NAME> wins over <NAME>, whatever that holds",
    "connections: ConnectionStrings:<NAME> wins over <NAME>",
    "connections: a namespace in the family is reached by an identity",
)
@pytest.mark.parametrize(
    ("given", "text", "endpoint"),
    [
        ({"X": KEYED.format("one")}, "one", None),
        ({FAMILY: "one"}, None, "one"),
        ({"x__FULLYQUALIFIEDNAMESPACE": "one"}, None, "one"),
        ({"AzureWebJobsX": KEYED.format("one"), "X": KEYED.format("two")}, "one", None),
        ({"ConnectionStrings__X": KEYED.format("one"), "X": KEYED.format("two")}, "one", None),
        ({f"AzureWebJobs{FAMILY}": "one", "X": "ns/hub"}, None, "one"),
        ({"AzureWebJobsX": KEYED.format("one"), f"AzureWebJobs{FAMILY}": "two"}, "one", None),
        ({"X": "", FAMILY: "one"}, None, "one"),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, dict) else None,
)
def test_a_section_is_looked_up_in_the_order_of_the_real_host(
    settings: pytest.MonkeyPatch, given: dict[str, str], text: str | None, endpoint: str | None
) -> None:
    for name, value in given.items():
        settings.setenv(name, value)
    found = event_hubs_connection("f", "X")
    assert (found.text, found.endpoint) == (text and KEYED.format(text), endpoint)


@pytest.mark.observed(
    "connections: a value wins over its family, and must be a connection string",
    "connections: nothing to be found keeps the host from starting",
    "connections: an unresolved reference to a vault keeps the host from starting",
)
@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({}, "'f': connection 'X' names no setting"),
        ({"X": "ns/hub", FAMILY: "n"}, r"setting X is no connection string; X__\.\.\. beside it is not looked at"),
        ({"X": "Endpoint=sb://n"}, "setting X is no connection string"),
        ({"X": "@Microsoft.KeyVault(SecretUri=https://v)"}, "setting X holds a Key Vault reference"),
        ({"X__credential": "managedidentity"}, "__fullyQualifiedNamespace is missing"),
    ],
)
def test_what_the_real_host_does_not_start_with_is_named_and_not_shown(
    settings: pytest.MonkeyPatch, given: dict[str, str], complaint: str
) -> None:
    for name, value in given.items():
        settings.setenv(name, value)
    with pytest.raises(HostError, match=complaint) as refused:
        event_hubs_connection("f", "X")
    assert "ns/hub" not in str(refused.value)


@pytest.mark.observed(
    "connections: credential managedidentity asks for that identity alone, by clientId",
    "connections: without credential, or with another word, the whole chain signs in",
)
@pytest.mark.parametrize(
    ("credential", "kind"),
    [
        ("managedidentity", ManagedIdentityCredential),
        ("ManagedIdentity", ManagedIdentityCredential),
        ("bogus", DefaultAzureCredential),
        (None, DefaultAzureCredential),
    ],
)
async def test_the_family_says_who_signs_in(
    settings: pytest.MonkeyPatch, credential: str | None, kind: type[object]
) -> None:
    settings.setenv(FAMILY, "n")
    settings.setenv("X__clientId", "c")
    if credential:
        settings.setenv("X__credential", credential)
    found = event_hubs_connection("f", "X")
    async with found.credential() as who:
        assert type(who) is kind
    assert found.client_id == "c"


@pytest.mark.observed("connections: EntityPath of the connection string wins over the hub of the binding")
def test_the_hub_of_the_connection_string_wins(settings: pytest.MonkeyPatch) -> None:
    settings.setenv("X", KEYED.format("one"))
    settings.setenv("AzureWebJobsX", f"{KEYED.format('one')};EntityPath=another")
    client = client_of(EventHubConsumerClient, event_hubs_connection("f", "X"), "hub", "$Default")
    assert client.eventhub_name == "another"
    settings.delenv("AzureWebJobsX")
    assert client_of(EventHubConsumerClient, event_hubs_connection("f", "X"), "hub", "$Default").eventhub_name == "hub"


@pytest.mark.observed("connections: the host's own storage is such a section as well")
def test_the_hosts_own_storage_is_such_a_section_too(settings: pytest.MonkeyPatch) -> None:
    settings.delenv("AzureWebJobsStorage", raising=False)
    settings.setenv("AzureWebJobsStorage__accountName", "a")
    settings.setenv("AzureWebJobsStorage__credential", "managedidentity")
    found = host_storage("f")
    assert (found.endpoint, found.managed_identity) == ("https://a.blob.core.windows.net", True)
    settings.setenv("AzureWebJobsStorage", "no connection string")
    with pytest.raises(HostError, match="AzureWebJobsStorage is no connection string"):
        host_storage("f")
