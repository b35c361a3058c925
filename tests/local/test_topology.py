"""The topology as data: what the architecture promises, and what the components accept."""

import json
from pathlib import Path

import pytest
from pydantic import BaseModel

from infra.local import app_settings, certificates, topology
from infra.local.azure_ml.config import Config
from infra.local.eventhubs.config import parse_config
from infra.local.eventhubs.identities import load_identities
from infra.local.functions_host.http.easy_auth.people import load_people
from infra.local.state import stable_id
from infra.local.system import ROOT, Options, System, UnknownSetting, hub_identities, hub_keys, hubs_config
from shared.settings.control import ControlSettings
from shared.settings.gateway import GatewaySettings
from shared.settings.scoring import ScoringSettings

SAMPLE = json.loads((ROOT / "local.settings.sample.json").read_text())
MOST_GROUPS_ON_STANDARD = 20


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> System:
    return System(tmp_path_factory.mktemp("run"), Options())


@pytest.mark.parametrize("hub", topology.HUBS, ids=lambda hub: hub.name)
def test_every_hub_keeps_two_consumer_groups_free(hub: topology.Hub) -> None:
    with_default = len(hub.consumer_groups) + 1
    assert with_default <= MOST_GROUPS_ON_STANDARD - 2


@pytest.mark.parametrize(
    ("hub", "senders"),
    [
        ("inbound", {"azure-ml", "gateway"}),
        ("events", {"control"}),
        ("decisions", {"gateway", "operators"}),
        ("predictions", {"scoring"}),
        ("labels", {"truth"}),
        ("dead-letter", {"control"}),
    ],
)
def test_a_hub_is_sent_to_by_just_these(hub: str, senders: set[str]) -> None:
    assert {grant.owner for grant in topology.HUB_GRANTS if grant.hub == hub and "Send" in grant.rights} == senders


def test_scoring_and_gateway_listen_nowhere_and_nobody_but_the_root_manages() -> None:
    listening = {grant.owner for grant in topology.HUB_GRANTS if "Listen" in grant.rights}
    assert listening == {"control", "operators"}
    assert not [grant for grant in topology.HUB_GRANTS if "Manage" in grant.rights]


def test_no_two_grants_share_a_key(system: System) -> None:
    keys = [entry["key"] for entry in hub_keys(system.state)]
    assert len(set(map(str, keys))) == len(topology.KEYED) + 1


def test_no_app_has_a_key_of_a_hub_and_each_has_the_rights_of_its_identity(system: System, tmp_path: Path) -> None:
    assert not [entry for entry in hub_keys(system.state) if str(entry["name"]).split("-")[0] in topology.APPS]
    path = tmp_path / "identities.json"
    path.write_text(json.dumps(hub_identities()))
    held = load_identities(path).grants[stable_id("identity/gateway")]
    assert held == {"decisions": frozenset({"Send"}), "inbound": frozenset({"Send"})}


def test_the_event_hubs_server_accepts_the_hubs() -> None:
    hubs = {hub.name: hub for hub in parse_config(hubs_config())}
    assert set(hubs) == {hub.name for hub in topology.HUBS}
    assert hubs["events"].groups == ("$Default", *topology.HUBS[1].consumer_groups)


def test_the_workspace_emulator_accepts_its_configuration(system: System) -> None:
    system.waves()
    config = Config.model_validate_json((system.run_dir / "azure_ml" / "config.json").read_bytes())
    assert {identity.name for identity in config.identities} == set(topology.IDENTITIES)
    team = config.environment("anybodys-own")
    assert set(config.environments) == {"sluice-jobs", "*"}
    assert team is not None
    # A team's code gets the rights of pipelines, and nothing of Sluice's own.
    assert team.variables["IDENTITY_HEADER"] == system.state.identity_headers["pipelines"]
    assert "SLUICE_STORAGE" not in team.variables


def test_only_operators_may_do_everything_in_a_workspace() -> None:
    almighty = {name for name, grants in topology.IDENTITIES.items() for grant in grants if "*" in grant.actions}
    assert almighty == {"operators"}


def test_the_sign_in_accepts_one_person_per_persona(system: System, tmp_path: Path) -> None:
    from infra.local.people import people, persona_groups

    path = tmp_path / "people.json"
    path.write_text(json.dumps(people()))
    personas = [persona_groups()[group] for person in load_people(path) for group in person.groups]
    assert sorted(personas) == sorted(topology.PERSONAS)


@pytest.mark.parametrize("app", topology.APPS)
def test_the_sample_documents_every_setting_of_an_app(app: str, system: System) -> None:
    for name in app_settings.of(app, system.addresses, Path("policy.yaml")):
        assert name in SAMPLE["Values"], f"{name} of {app}"
        assert app in SAMPLE["Descriptions"][name].split(":")[0], f"{name} of {app}"


READS: dict[str, type[BaseModel]] = {
    "control": ControlSettings,
    "gateway": GatewaySettings,
    "scoring": ScoringSettings,
}
# Set by App Service, never by us.
PLATFORM = {"WEBSITE_AUTH_ENABLED"}


@pytest.mark.parametrize("app", READS)
def test_the_sample_documents_every_setting_that_an_app_reads(app: str) -> None:
    for name in {field.upper() for field in READS[app].model_fields} - PLATFORM:
        assert app in SAMPLE["Descriptions"][name].split(":")[0], f"{name} of {app}"


def test_the_sample_documents_nothing_that_no_app_has(system: System) -> None:
    written = {name for app in topology.APPS for name in app_settings.of(app, system.addresses, Path("policy.yaml"))}
    read = {field.upper() for settings in READS.values() for field in settings.model_fields} - PLATFORM
    assert set(SAMPLE["Values"]) == set(SAMPLE["Descriptions"]) == written | read


def test_no_app_gets_a_key_that_opens_everything(system: System) -> None:
    for app in topology.APPS:
        text = json.dumps(app_settings.of(app, system.addresses, Path("policy.yaml")))
        assert system.state.hub_root_key not in text
        assert system.state.account_keys[topology.STORAGE_ACCOUNT] not in text


def test_keys_and_ports_outlive_a_run_and_only_the_owner_reads_them(system: System) -> None:
    again = System(system.run_dir, Options())
    assert again.state == system.state
    assert (system.run_dir / "state.json").stat().st_mode & 0o077 == 0
    assert certificates.ensure(system.run_dir / "certificates") == system.certificates


def test_an_override_for_an_unknown_app_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(UnknownSetting, match="no app named scorer"):
        System(tmp_path, Options(settings={"scorer": {"CAPTURE_SAMPLING": "1"}}))
