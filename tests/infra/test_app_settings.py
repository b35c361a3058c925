"""Every app gets the settings that its class requires, under names that somebody reads."""

import re

import pytest
from pydantic import BaseModel

from infra.local import topology
from shared.settings.control import ControlSettings
from shared.settings.gateway import GatewaySettings
from shared.settings.scoring import ScoringSettings
from tests.infra.templates import Template, accessed, all_templates, body, changed

SETTINGS: dict[str, type[BaseModel]] = {
    "control": ControlSettings,
    "gateway": GatewaySettings,
    "scoring": ScoringSettings,
}
# Read by App Service at sign-in.
ALSO = {"gateway": {"OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID"}}
HUBS = {hub.name.upper().replace("-", "_"): hub.name for hub in topology.HUBS}
HOSTS = {"inbound": "inboundHost"}


def given(main: Template, app: str) -> dict[str, str]:
    """The settings that main.bicep passes to an app, as written."""
    settings = main.parameters_of(f"{app}App")["settings"]
    return {name.strip("'"): value for name, value in settings.items()}


def missing(main: Template, app: str) -> set[str]:
    fields = SETTINGS[app].model_fields
    return {name.upper() for name, field in fields.items() if field.is_required()} - set(given(main, app))


def unread(main: Template, app: str) -> set[str]:
    read = {name.upper() for name in SETTINGS[app].model_fields}
    return set(given(main, app)) - read - ALSO.get(app, set())


def wrong_hubs(main: Template, app: str) -> list[str]:
    """Hub settings that are not `<host of its namespace>/<hub>`."""
    found = []
    for name, value in given(main, app).items():
        if name.startswith("HUB_"):
            hub = HUBS[name.removeprefix("HUB_")]
            wanted = f"${{streams.outputs.{HOSTS.get(hub, 'hubsHost')}}}/{hub}"
            found += [f"{name}: {value}"] if value != wanted else []
    return found


@pytest.mark.parametrize("app", SETTINGS)
def test_every_required_setting_is_given_and_every_given_one_is_read(app: str) -> None:
    main = all_templates()["main.bicep"]
    assert missing(main, app) == set()
    assert unread(main, app) == set()
    assert wrong_hubs(main, app) == []


def test_a_missing_a_misspelt_and_a_crossed_setting_are_found() -> None:
    wrong = changed("main.bicep", "HUB_LABELS: '${streams", "HUB_LABEL: '${streams")
    assert missing(wrong, "control") == {"HUB_LABELS"}
    assert unread(wrong, "control") == {"HUB_LABEL"}
    crossed = changed("main.bicep", "hubsHost}/events'", "inboundHost}/events'")
    assert wrong_hubs(crossed, "control") == ["HUB_EVENTS: ${streams.outputs.inboundHost}/events"]


def test_the_host_is_told_the_namespace_of_every_hub_that_control_listens_to() -> None:
    triggers = all_templates()["main.bicep"].parameters_of("controlApp")["triggers"]
    heard = {grant.hub for grant in topology.HUB_GRANTS if grant.owner == "control" and "Listen" in grant.rights}
    assert {name: accessed(value)[-1] for name, value in triggers.items()} == {
        name: HOSTS.get(hub, "hubsHost") for name, hub in HUBS.items() if hub in heard
    }


def twice_spoken(main: Template) -> set[str]:
    """Names that are a plain setting and a family `<name>__...` at once: the real host then does not start."""
    triggers = main.parameters_of("controlApp")["triggers"]
    return {
        name for name in triggers if name in given(main, "control") or f"AzureWebJobs{name}" in given(main, "control")
    }


def test_no_trigger_has_a_plain_setting_and_a_family() -> None:
    assert twice_spoken(all_templates()["main.bicep"]) == set()
    assert twice_spoken(changed("main.bicep", "HUB_EVENTS: '$", "EVENTS: '$")) == {"EVENTS"}


def test_the_host_is_told_by_the_documented_family() -> None:
    text = all_templates()["modules/trigger_settings.bicep"].text
    told = re.findall(r"'\$\{each\.key\}__(\w+)'", text)
    assert told == ["fullyQualifiedNamespace", "credential", "clientId"]


def test_each_app_is_flex_consumption_with_python_3_13_and_one_identity() -> None:
    resources = all_templates()["modules/function_app.bicep"].section("resources")
    assert body(resources["plan"])["sku"] == {"name": "FC1", "tier": "FlexConsumption"}
    app = body(resources["app"])
    assert app["identity"]["type"] == "UserAssigned"
    assert app["properties"]["httpsOnly"] is True
    config = app["properties"]["functionAppConfig"]
    assert config["runtime"] == {"name": "python", "version": "3.13"}
    assert config["deployment"]["storage"]["authentication"]["type"] == "UserAssignedIdentity"


def test_the_apps_have_three_different_identities() -> None:
    main = all_templates()["main.bicep"]
    assert {app: accessed(main.parameters_of(f"{app}App")["identityName"]) for app in SETTINGS} == {
        app: [app, "name"] for app in SETTINGS
    }
