"""deploy.sh as far as a machine without Azure can show: what it refuses, and which commands it gives in which order."""

import base64
import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from infra.azure.approval_key import write_pair
from tests.infra.templates import AZURE, all_templates

# Writes down what it is asked, and answers as az does where the script reads the answer.
RECORDER = """#!/usr/bin/env bash
echo "$(basename "$0") $*" >> "$RECORD"
case "$*" in
  *outputs.vaultUri*) echo https://sluice-kv.vault.azure.net/ ;;
  *outputs.*App.value*) echo an-app ;;
  *"keyvault list"*) printf '%s' "$VAULT" ;;
  *"secret list"*) printf '%s\\n' $PRESENT ;;
  package) mkdir -p dist/control dist/gateway dist/scoring ;;
esac
"""


@pytest.fixture
def record(tmp_path: Path) -> Path:
    """Where the recorders of az, make and zip write, which come first on PATH; the script runs in a tree of its own."""
    shutil.copytree(AZURE, tmp_path / "infra" / "azure")
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("az", "make", "zip"):
        (tools / name).write_text(RECORDER)
        (tools / name).chmod(stat.S_IRWXU)
    return tmp_path / "record"


def deploy(
    record: Path, *arguments: str, present: str = "", vault: str = ""
) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    environment = {
        **os.environ,
        "PATH": f"{record.parent / 'bin'}:{os.environ['PATH']}",
        "RECORD": str(record),
        "PRESENT": present,
        "VAULT": vault,
    }
    own = record.parent / "infra" / "azure"
    command = [str(own / "deploy.sh"), "--parameters", str(own / "main.example.bicepparam"), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return done, record.read_text().splitlines() if record.exists() else []


def test_what_if_changes_nothing(record: Path) -> None:
    done, commands = deploy(record, "--resource-group", "rg", "--what-if")
    assert done.returncode == 0, done.stderr
    assert len(commands) == 1
    assert commands[0].startswith("az deployment group what-if --resource-group rg --template-file")


def test_secrets_are_there_before_an_app_refers_to_them(record: Path, tmp_path: Path) -> None:
    key = tmp_path / "approval.key"
    write_pair(key)
    done, commands = deploy(record, "--resource-group", "rg", "--signing-key-file", str(key))
    assert done.returncode == 0, done.stderr
    steps = [step for command in commands if (step := _step(command))]
    code = ["zip", "config-zip"] * 3
    assert steps == ["package", "create", "secret set", "secret set", "create", *code]
    first, second = (command for command in commands if "deployment group create" in command)
    assert first.endswith("--parameters withApps=false")
    assert "withApps" not in second
    assert key.read_text() not in done.stdout + record.read_text()


def _step(command: str) -> str | None:
    """What the command does, for those that change something."""
    known = ("make package", "deployment group create", "keyvault secret set", "zip -qr", "config-zip")
    names = ("package", "create", "secret set", "zip", "config-zip")
    return next((name for text, name in zip(known, names, strict=True) if text in command), None)


def test_secrets_that_are_there_stay_and_one_app_alone_can_be_deployed(record: Path) -> None:
    present = "approval-signing-key notify-webhooks"
    done, commands = deploy(record, "--resource-group", "rg", "--only", "scoring", present=present, vault="sluice-kv")
    assert done.returncode == 0, done.stderr
    assert [step for command in commands if (step := _step(command))] == ["package", "create", "zip", "config-zip"]


def test_a_secret_that_vanished_is_put_back_before_the_apps_are_deployed(record: Path) -> None:
    done, commands = deploy(record, "--resource-group", "rg", present="approval-signing-key", vault="sluice-kv")
    assert done.returncode == 0, done.stderr
    assert [step for command in commands if (step := _step(command))][:3] == ["package", "secret set", "create"]


def test_only_the_apps_are_left_out_at_first() -> None:
    modules = all_templates()["main.bicep"].section("modules")
    conditional = {name for name, each in modules.items() if each["config"].get("condition")}
    assert conditional == {"controlApp", "gatewayApp", "scoringApp", "signIn"}


def test_without_a_signing_key_it_stops_before_the_apps(record: Path) -> None:
    done, commands = deploy(record, "--resource-group", "rg")
    assert done.returncode == 2
    assert "--signing-key-file" in done.stderr
    assert [step for command in commands if (step := _step(command))] == ["package", "create"]
    assert not any("config-zip" in command for command in commands)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((), "--resource-group"),
        (("--resource-group",), "--resource-group"),
        (("--resource-group", "rg", "--only", "jobs"), "--only"),
        (("--resource-group", "rg", "--whatif"), "--whatif"),
        (("--resource-group", "rg", "--signing-key-file", "/nowhere"), "--signing-key-file"),
    ],
)
def test_a_wrong_call_names_what_is_wrong(record: Path, arguments: tuple[str, ...], named: str) -> None:
    done, commands = deploy(record, *arguments)
    assert done.returncode == 2
    assert named in done.stderr
    assert commands == []


def test_the_script_asks_for_outputs_that_exist() -> None:
    outputs = all_templates()["main.bicep"].section("outputs")
    assert {"vaultUri", "approvalPages", "controlApp", "gatewayApp", "scoringApp"} <= set(outputs)


def test_a_key_pair_belongs_together_and_replaces_none(tmp_path: Path) -> None:
    path = tmp_path / "approval.key"
    public = write_pair(path)
    private = base64.urlsafe_b64decode(path.read_text() + "=")
    made = Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()
    assert base64.urlsafe_b64encode(made).decode().rstrip("=") == public
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IRUSR | stat.S_IWUSR
    with pytest.raises(FileExistsError):
        write_pair(path)
