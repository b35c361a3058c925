"""Settings of an app are judged from a table of values as the app itself would judge its environment."""

import json
from pathlib import Path

import pytest

from shared.settings.inspecting import APPS, read_from, references, wrong_in

SAMPLE: dict[str, str] = json.loads((Path(__file__).parents[4] / "local.settings.sample.json").read_text())["Values"]


@pytest.mark.parametrize("app", APPS)
def test_the_sample_holds_for_every_app(app: str) -> None:
    assert wrong_in(APPS[app], SAMPLE) == []


@pytest.mark.parametrize("app", APPS)
def test_what_is_missing_is_named_although_this_process_has_it(app: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SAMPLE.items():
        monkeypatch.setenv(name, value)
    required = {name.upper() for name, field in APPS[app].model_fields.items() if field.is_required()}
    assert {words.partition(":")[0] for words in wrong_in(APPS[app], {})} == required


def test_json_that_is_none_is_named_and_not_shown() -> None:
    (words,) = wrong_in(APPS["control"], {**SAMPLE, "NOTIFY_WEBHOOKS": "{geheim"})
    assert "notify_webhooks" in words.lower()
    assert "geheim" not in words


def test_values_are_typed_as_the_app_gets_them() -> None:
    found = read_from(APPS["control"], {**SAMPLE, "LEASE_S": "7"})
    assert getattr(found, "lease_s") == 7.0  # noqa: B009 - the type is whichever app's


def test_references_are_named() -> None:
    values = {
        "A": "@Microsoft.KeyVault(SecretUri=x)",
        "B": " @Microsoft.KeyVault(VaultName=v;SecretName=s)",
        "C": "@me",
    }
    assert references(values) == ["A", "B"]
