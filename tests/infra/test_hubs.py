"""Hubs, consumer groups and rights on Azure are those of the local system and of the design."""

from collections.abc import Iterator
from typing import Any

import pytest

from infra.local import topology
from tests.infra.templates import Template, all_templates, body, changed, names_in, template

STREAMS = "modules/streams.bicep"
# What the templates call those whom the local system calls otherwise: Event Grid's identity delivers Azure ML's events.
CALLED = {"azure-ml": "delivery"}
MOST_GROUPS = 20 - 1 - 2  # of 20 on Standard, $Default is one, and two stay free

Described = dict[str, tuple[tuple[str, ...], int]]


def hubs(file: Template) -> Described:
    """Name to consumer groups and partitions."""
    return {hub["name"]: (_groups(hub["consumerGroups"]), _declared(hub["partitions"])) for hub in _hubs(file)}


def _groups(said: object) -> tuple[str, ...]:
    found = _declared(said)
    return tuple(found) if isinstance(found, list) else ()


def _declared(said: object) -> Any:
    """What the template takes out of the declared streams: `streams.events.partitions`; None for anything else."""
    source, name, key = [*_leaves(said), "", "", ""][:3]
    return topology.STREAMS.get(name, {}).get(key) if source == "streams" else None


def _leaves(expression: object) -> Iterator[str]:
    """The names in an expression, from left to right."""
    if isinstance(expression, dict):
        for operand in expression.get("operator", expression).get("operands", {}).values():
            yield from _leaves(operand)
    else:
        yield str(expression)


def _hubs(file: Template) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for module in file.section("modules"):
        found += file.parameters_of(module)["hubs"]
    return found


def rights(file: Template, kind: str) -> dict[str, frozenset[str]]:
    """Hub to whom the template lists as `senders` or `receivers`."""
    return {str(hub["name"]): names_in(hub[kind]) for hub in _hubs(file)}


def granted(right: str) -> dict[str, frozenset[str]]:
    """The same, of the local system."""
    return {
        hub.name: frozenset(
            CALLED.get(grant.owner, grant.owner)
            for grant in topology.HUB_GRANTS
            if grant.hub == hub.name and right in grant.rights
        )
        for hub in topology.HUBS
    }


def shared_namespaces(file: Template) -> list[str]:
    """Hubs that share the namespace of `inbound`, which is open to senders outside."""
    found = []
    for module in file.section("modules"):
        names = [hub["name"] for hub in file.parameters_of(module)["hubs"]]
        if "inbound" in names:
            found += [name for name in names if name != "inbound"]
    return found


def assignments_elsewhere(files: dict[str, Template]) -> set[tuple[str, str]]:
    """Every assignment of an Event Hubs role outside hub.bicep, as (file, resource)."""
    return {
        (path, name)
        for path, file in files.items()
        for name, resource in file.section("resources").items()
        if resource["type"].endswith("/roleAssignments")
        and "eventHubsData" in str(resource)
        and "hub.bicep" not in path
    }


def test_hubs_and_consumer_groups_are_those_of_the_local_system() -> None:
    assert hubs(all_templates()[STREAMS]) == {h.name: (h.consumer_groups, h.partitions) for h in topology.HUBS}


@pytest.mark.parametrize(
    ("present", "instead"),
    [
        ("streams.events.consumerGroups", "streams.labels.consumerGroups"),
        ("streams.events.consumerGroups", "['lifecycle']"),
        ("name: 'labels'", "name: 'label'"),
        ("partitions: streams.labels.partitions", "partitions: 4"),
    ],
)
def test_another_hub_group_or_partition_count_is_found(present: str, instead: str) -> None:
    wrong = hubs(changed(STREAMS, present, instead))
    assert wrong != {h.name: (h.consumer_groups, h.partitions) for h in topology.HUBS}


def test_two_consumer_groups_stay_free_on_every_hub() -> None:
    assert all(len(groups) <= MOST_GROUPS for groups, _ in hubs(all_templates()[STREAMS]).values())


def test_who_may_send_and_receive_is_what_the_design_says() -> None:
    assert rights(all_templates()[STREAMS], "senders") == granted("Send")
    assert rights(all_templates()[STREAMS], "receivers") == granted("Listen")


def test_the_gateway_sending_to_events_is_found() -> None:
    wrong = changed(STREAMS, "senders: [principals.control]", "senders: [principals.control, principals.gateway]")
    assert rights(wrong, "senders")["events"] == {"control", "gateway"} != granted("Send")["events"]


def test_only_action_groups_get_a_right_on_a_hub_elsewhere_and_only_on_inbound() -> None:
    assert assignments_elsewhere(all_templates()) == {("modules/alerts.bicep", "maySend")}
    assert all_templates()["main.bicep"].parameters_of("alerts")["hubName"] == "inbound"
    hidden = all_templates()["modules/alerts.bicep"].text
    assert ("sample", "maySend") in assignments_elsewhere({"sample": template(hidden)})


def test_inbound_has_a_namespace_of_its_own_and_only_that_may_accept_keys() -> None:
    streams = all_templates()[STREAMS]
    assert shared_namespaces(streams) == []
    assert [m for m in streams.section("modules") if "allowKeys" in streams.parameters_of(m)] == ["inbound"]
    assert shared_namespaces(changed(STREAMS, "name: 'labels'", "name: 'inbound'")) != []


def test_namespaces_refuse_keys_and_old_tls() -> None:
    properties = body(all_templates()["modules/event_hubs.bicep"].section("resources")["namespace"])["properties"]
    assert properties["minimumTlsVersion"] == "1.2"
    assert "disableLocalAuth: !allowKeys" in all_templates()["modules/event_hubs.bicep"].text
    assert all_templates()["modules/event_hubs.bicep"].section("parameters")["allowKeys"]["default"] is False
    assert all_templates()["main.bicep"].section("parameters")["inboundAllowsKeys"]["default"] is False
