"""Settings are typed and read once; a wrong one stops the app and names itself, never its value."""

import json
from pathlib import Path

import pytest

from services import deciding
from shared.settings.control import ControlSettings
from shared.settings.reading import read
from tests.support.builders import workspace

HUBS = ("HUB_INBOUND", "HUB_EVENTS", "HUB_DECISIONS", "HUB_PREDICTIONS", "HUB_LABELS", "HUB_DEAD_LETTER")


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    policy = tmp_path / "policy.yaml"
    policy.write_text("endpoints: {flights: {model: flights}}")
    workspaces = [{"id": workspace("one"), "stages": ["staging", "development"], "project": "p"}]
    values = {
        **dict.fromkeys(HUBS, "Endpoint=sb://h;SharedAccessKey=secret-of-a-hub"), "WORKSPACES": json.dumps(workspaces),
        "SLUICE_STORAGE": "AccountKey=secret-of-storage", 
        "POLICY_FILE": str(policy), "APPROVAL_SIGNING_KEY": "k" * 43, "APPROVAL_BASE_URL": "https://g",
        "TICK": "* * * * * *",
    }  # fmt: skip
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_what_is_optional_may_be_left_out(environment: pytest.MonkeyPatch) -> None:
    settings = read(ControlSettings, "control")
    assert settings.notify_webhooks == {}
    assert [each.stages for each in settings.workspaces] == [("development", "staging")]


def test_webhooks_are_read_from_json(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("NOTIFY_WEBHOOKS", '{"*": ["teams=https://example.com/hook"]}')
    assert read(ControlSettings, "control").notify_webhooks == {"*": ["teams=https://example.com/hook"]}


@pytest.mark.parametrize(
    ("name", "value", "named"),
    [
        ("HUB_EVENTS", None, "HUB_EVENTS"),
        ("TICK", "", "TICK"),
        ("LEASE_S", "31", "LEASE_S"),
        ("WORKSPACES", "[]", "WORKSPACES"),
        ("WORKSPACES", '[{"id": "w", "stages": ["production"]}]', "WORKSPACES"),
        ("APPROVAL_SIGNING_KEY", "short-secret", "APPROVAL_SIGNING_KEY"),
        ("NOTIFY_WEBHOOKS", "secret, and no JSON", "notify_webhooks"),
    ],
)
def test_a_wrong_setting_is_named_and_no_value_is_shown(
    environment: pytest.MonkeyPatch, name: str, value: str | None, named: str
) -> None:
    if value is None:
        environment.delenv(name)
    else:
        environment.setenv(name, value)
    with pytest.raises(SystemExit) as stop:
        read(ControlSettings, "control")
    assert named in str(stop.value)
    assert "secret" not in str(stop.value)


REFERENCE = "@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/approval-signing-key)"


@pytest.mark.parametrize("name", ["APPROVAL_SIGNING_KEY", "NOTIFY_WEBHOOKS"])
def test_a_reference_to_key_vault_that_nobody_resolved_is_named(environment: pytest.MonkeyPatch, name: str) -> None:
    """It is text like any other, longer than a key: the app died of it without naming a setting."""
    environment.setenv(name, REFERENCE)
    with pytest.raises(SystemExit, match=rf"control cannot start; settings: {name}: holds a Key Vault reference"):
        read(ControlSettings, "control")


def test_a_policy_that_does_not_hold_stops_the_app(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text("endpoints: {flights: {model: flights, limits: {drift: {of: 0}}}}")
    settings = read(ControlSettings, "control")
    with pytest.raises(SystemExit, match=r"policy\.yaml:1:\d+: endpoints\.flights\.limits\.drift\.of"):
        settings.policy(deciding())
