"""`sluice` without a system: help, settings, exit codes, and the commands on policy."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from function_app.operator.__main__ import app
from shared.settings.operator import NoSettings, OperatorSettings
from tests.support.builders import workspace

REPOSITORY = Path(__file__).resolve().parents[3]
_COMMANDS = [
    "", "explain", "ledger", "ledger show", "ledger entry", "ledger verify", "dead-letters list", "dead-letters show",
    "events tail", "policy check", "policy show", "policy schema", "score", "status", "approvals list", "brakes list",
    "lanes list", "lanes resume", "pause", "resume", "redrive", "rollback", "dead-letters redrive", "doctor",
]  # fmt: skip
_RUN = {
    "connection_strings": {
        "storage": {"operators": "storage-of-operators", "root": "storage-root"},
        "event_hubs": {"root": "Endpoint=sb://h", "operators-dead-letter": "own", "operators-decisions": "send-only"},
    },
    "workspaces": [{"id": workspace("p"), "stages": ["production"]}, {"id": workspace("t"), "stages": ["staging"]}],
}


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings and no local system: `.local` of this checkout is not looked at."""
    for name in [*OperatorSettings.model_fields, "sluice_local", "policy_file"]:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("function_app.operator.connections._REPOSITORY", tmp_path)


def sluice(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


@pytest.mark.parametrize("command", _COMMANDS)
def test_every_command_has_help_with_an_example(command: str) -> None:
    result = sluice(*command.split(), "--help")
    assert result.exit_code == 0
    assert "Example" in result.output or command == "ledger"


@pytest.mark.parametrize(
    "command",
    [
        "ledger show",
        "ledger verify",
        "explain flights",
        "dead-letters list",
        "events tail",
        "status",
        "doctor",
        "pause all -r x",
    ],
)
def test_without_settings_the_error_names_what_to_set(command: str) -> None:
    result = sluice(*command.split())
    assert result.exit_code == 2
    assert "is not set" in result.stderr
    assert "--run-dir" in result.stderr
    assert "make up" in " ".join(result.stderr.split())
    assert result.stdout == ""


def test_it_says_which_version_it_is() -> None:
    result = sluice("--version")
    assert (result.exit_code, result.stdout.split()[:2]) == (0, ["sluice", "0.1.0"])


def test_completion_can_be_installed() -> None:
    assert "--install-completion" in sluice("--help").stdout


def test_a_run_folder_without_a_system_is_named(tmp_path: Path) -> None:
    result = sluice("ledger", "show", "--run-dir", str(tmp_path))
    assert result.exit_code == 2
    assert "run.json" in result.stderr
    assert "make up" in result.stderr


@pytest.mark.parametrize("address", ["nonsense", "AccountName=a", "DefaultEndpointsProtocol=http"])
def test_a_wrong_connection_string_is_an_error_of_settings(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLUICE_STORAGE", address)
    result = sluice("ledger", "show")
    assert result.exit_code == 2
    assert "SLUICE_STORAGE" in result.stderr


def test_storage_that_does_not_answer_is_exit_code_3(monkeypatch: pytest.MonkeyPatch) -> None:
    key, nowhere = "a2V5", "http://127.0.0.1:9/a"
    address = f"AccountName=a;AccountKey={key};BlobEndpoint={nowhere};TableEndpoint={nowhere};QueueEndpoint={nowhere}"
    monkeypatch.setenv("SLUICE_STORAGE", address)
    result = sluice("ledger", "show")
    assert result.exit_code == 3
    assert "cannot be reached" in result.stderr
    assert key not in result.stderr


def test_a_hub_without_its_name_is_an_error_of_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_EVENTS", "Endpoint=sb://h;SharedAccessKeyName=n;SharedAccessKey=k")
    result = sluice("events", "tail")
    assert result.exit_code == 2
    assert "HUB_EVENTS: connection: EntityPath is required" in result.stderr


@pytest.mark.parametrize("since", ["yesterday", "10", "10w", ""])
def test_a_time_that_is_none_is_refused(since: str) -> None:
    assert sluice("events", "tail", "--since", since).exit_code == 2


def test_a_run_file_gives_the_operators_rights_where_they_have_them(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text(json.dumps(_RUN))
    found = OperatorSettings.from_run_file(path)
    assert found.storage() == "storage-of-operators"
    assert found.hub("dead-letter") == "own"
    assert found.hub("decisions") == "Endpoint=sb://h;EntityPath=decisions"
    assert found.serving_workspace().endswith("/workspaces/p")


def test_a_run_file_says_which_apps_run_where_and_who_may_ask_what(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    running = {
        "endpoints": {"control": "http://c", "gateway": "http://g", "azure_ml": "https://m"},
        "processes": {"control": {}, "azure_ml": {}},
        "files": {"settings": {"control": "c.json", "gateway": "g.json"}},
        "keys": {"masters": {"control": "geheim"}},
    }
    path.write_text(json.dumps(_RUN | running))
    found = OperatorSettings.from_run_file(path)
    assert (found.addresses(), found.master_keys()) == ({"control": "http://c"}, {"control": "geheim"})
    assert "geheim" not in repr(found)


def test_the_gateway_answers_where_its_pages_are_unless_something_else_is_said() -> None:
    pages, named = {"approval_base_url": "https://g"}, {"scoring": "https://s"}
    assert OperatorSettings.model_validate(pages).addresses() == {"gateway": "https://g"}
    assert OperatorSettings.model_validate({**pages, "app_addresses": named}).addresses() == named


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"connection_strings": 1}'])
def test_another_file_is_no_run_file(text: str, tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text(text)
    with pytest.raises(NoSettings, match="is not the run file"):
        OperatorSettings.from_run_file(path)


def test_secrets_are_not_shown() -> None:
    assert "geheim" not in repr(OperatorSettings.model_validate({"sluice_storage": "geheim"}))


def test_a_policy_is_checked_by_field(tmp_path: Path) -> None:
    good, bad, worse = tmp_path / "good.yaml", tmp_path / "bad.yaml", tmp_path / "worse.yaml"
    good.write_text("endpoints: {flights: {model: flights}}")
    bad.write_text("endpoints: {flights: {model: flights, limits: {drift: {feature_psi: -1}}}}")
    worse.write_text("{defaults: {drift: {of: 0}}, endpoints: {}}")
    assert sluice("policy", "check", str(good)).exit_code == 0
    result = sluice("policy", "check", str(bad))
    assert (result.exit_code, "drift.feature_psi" in result.stderr) == (1, True)
    result = sluice("policy", "check", str(worse))
    assert (result.exit_code, "worse.yaml:1:" in result.stderr, "defaults.drift.of" in result.stderr) == (1, True, True)
    assert sluice("policy", "check", str(tmp_path / "none.yaml")).exit_code == 2


def test_effective_limits_are_shown_with_their_origin(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text("endpoints: {flights: {model: flights, limits: {drift: {of: 6}}}}")
    shown = json.loads(sluice("policy", "show", "--file", "policy.yaml", "--json").stdout)["endpoints"]["flights"]
    assert {"path": "drift.of", "value": 6, "origin": "endpoint flights"} in shown
    assert "endpoint flights" in sluice("policy", "show", "--file", "policy.yaml", "--endpoint", "flights").stdout


def test_an_endpoint_that_is_unknown_is_no_answer(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text("endpoints: {flights: {model: flights}}")
    result = sluice("policy", "show", "--file", "policy.yaml", "--endpoint", "fligths")
    assert (result.exit_code, "did you mean flights?" in result.stderr) == (1, True)


@pytest.mark.parametrize("columns", ["40", "80"])
def test_names_of_limits_are_whole_in_a_narrow_terminal(
    columns: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    (tmp_path / "policy.yaml").write_text("endpoints: {flights: {model: flights}}")
    shown = sluice("policy", "show", "--file", "policy.yaml").stdout
    assert "staging.suite.unseen_category_rate" in shown.replace("\n", "")
    assert "…" not in shown


def test_the_installed_command_answers_from_any_folder(tmp_path: Path) -> None:
    command = REPOSITORY / ".venv/bin/sluice"
    if not command.exists():
        pytest.skip("`make setup` has not written .venv/bin/sluice")
    result = subprocess.run(
        [str(command), "--help"], cwd=tmp_path, env=dict(os.environ), capture_output=True, timeout=120
    )
    assert result.returncode == 0
    assert b"ledger" in result.stdout
