"""What Azure sends arrives in one shape each, in order, and nothing undeliverable vanishes."""

from typing import Any

import pytest

from tests.infra.templates import Template, accessed, all_templates, body, changed

EVENTS = "modules/ml_events.bicep"
FILES = "modules/storage_events.bicep"
# What services/intake translates.
UNDERSTOOD = {EVENTS: {"ModelRegistered", "RunCompleted", "RunStatusChanged"}, FILES: {"BlobCreated"}}
# Names are at most 33 and 24 characters; an id is longer than the 128 that Microsoft's clients allow in a key.
SHORT_KEYS = {EVENTS: ["workspace", "name"], FILES: ["account", "name"]}
OF_CONTAINER = "/blobServices/default/containers/${container}/blobs/"


def faults(file: Template) -> list[str]:
    """What is wrong with the event subscription."""
    properties = body(file.section("resources")["delivery"])["properties"]
    to = properties["deliveryWithResourceIdentity"]
    types = {name.rpartition(".")[2] for name in properties["filter"]["includedEventTypes"]}
    right = {
        "schema": properties["eventDeliverySchema"] == "CloudEventSchemaV1_0",
        "types": types == UNDERSTOOD[file.path],
        "container": file.path != FILES or OF_CONTAINER in str(properties["filter"].get("subjectBeginsWith")),
        "destination": to["destination"]["endpointType"] == "EventHub",
        "identity": to["identity"]["type"] == "UserAssigned",
        "partition key": _attribute_names(to) == ["PartitionKey"],
        "length of the key": _keys(to) == [SHORT_KEYS[file.path]],
        "dead letters": _dead_letters_kept(properties),
    }
    return [name for name, holds in right.items() if not holds]


def _attribute_names(to: dict[str, Any]) -> list[str]:
    return [each["name"] for each in to["destination"]["properties"]["deliveryAttributeMappings"]]


def _keys(to: dict[str, Any]) -> list[list[str]]:
    mappings = to["destination"]["properties"]["deliveryAttributeMappings"]
    return [accessed(each["properties"]["value"]) for each in mappings]


def _dead_letters_kept(properties: dict[str, Any]) -> bool:
    kept = properties.get("deadLetterWithResourceIdentity", {}).get("deadLetterDestination", {})
    return bool(kept.get("endpointType") == "StorageBlob")


def test_workspace_events_go_to_inbound_as_cloud_events_by_resource() -> None:
    assert faults(all_templates()[EVENTS]) == []
    passed = all_templates()["main.bicep"].parameters_of("mlEvents")
    assert passed["deadLetterContainer"] == "undelivered"
    assert "'${inbound.outputs.id}/eventhubs/inbound'" in all_templates()["modules/streams.bicep"].text


def test_files_that_arrive_in_batch_in_and_no_other_blobs_go_to_inbound() -> None:
    assert faults(all_templates()[FILES]) == []
    passed = all_templates()["main.bicep"].parameters_of("storageEvents")
    assert passed["container"] == "batch-in"
    assert passed["deadLetterContainer"] == "undelivered"


@pytest.mark.parametrize(
    ("present", "instead", "fault"),
    [
        ("'Microsoft.Storage.BlobCreated'", "'Microsoft.Storage.BlobDeleted'", "types"),
        ("containers/${container}/blobs/'", "containers/'", "container"),
        ("name: 'PartitionKey'", "name: 'Key'", "partition key"),
        ("value: account.name", "value: account.id", "length of the key"),
    ],
)
def test_a_wrong_subscription_to_files_is_found(present: str, instead: str, fault: str) -> None:
    assert faults(changed(FILES, present, instead)) == [fault]


@pytest.mark.parametrize(
    ("present", "instead", "fault"),
    [
        ("'CloudEventSchemaV1_0'", "'EventGridSchema'", "schema"),
        ("Services.RunCompleted'", "Services.DatasetDriftDetected'", "types"),
        ("name: 'PartitionKey'", "name: 'Key'", "partition key"),
        ("value: workspace.name", "value: workspace.id", "length of the key"),
        ("endpointType: 'StorageBlob'", "endpointType: 'None'", "dead letters"),
    ],
)
def test_a_wrong_subscription_is_found(present: str, instead: str, fault: str) -> None:
    assert faults(changed(EVENTS, present, instead)) == [fault]


def plain_receivers(file: Template) -> list[str]:
    """Receivers of action groups that would not get the common schema, or would need a key."""
    found = []
    for resource in file.section("resources").values():
        if resource["type"] == "Microsoft.Insights/actionGroups":
            for receiver in body(resource)["properties"].get("eventHubReceivers", []):
                common, identity = receiver.get("useCommonAlertSchema"), receiver.get("managedIdentity")
                found += [] if common is True and identity == "SystemAssigned" else [receiver["name"]]
    return found


@pytest.mark.parametrize("path", all_templates())
def test_alerts_come_in_the_common_schema(path: str) -> None:
    assert plain_receivers(all_templates()[path]) == []


def test_an_alert_in_another_schema_is_found() -> None:
    wrong = changed("modules/alerts.bicep", "useCommonAlertSchema: true", "useCommonAlertSchema: false")
    assert plain_receivers(wrong) == ["inbound"]
