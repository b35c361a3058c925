"""deploy.sh as far as a machine without Azure can show: what it refuses, and which commands it gives in which order."""

import base64
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from infra.azure.approval_key import write_pair
from tests.infra.sites import Sites
from tests.infra.templates import AZURE, all_templates

# Write down what they are asked, and do no more than the script needs.
RECORDER = """#!/usr/bin/env bash
echo "$(basename "$0") $*" >> "$RECORD"
[[ $1 != package ]] || mkdir -p dist/control dist/gateway dist/scoring
"""


@pytest.fixture
def record(tmp_path: Path, sites: Sites) -> Path:
    """Where az, make and zip write down what they are asked, which come first on PATH; the script runs in a tree of
    its own."""
    shutil.copytree(AZURE, tmp_path / "infra" / "azure")
    shutil.copy(AZURE.parent / "functions.json", tmp_path / "infra" / "functions.json")
    (tmp_path / ".venv").symlink_to(Path(sys.prefix))
    for name in ("make", "zip"):
        (sites.tools / name).write_text(RECORDER)
        (sites.tools / name).chmod(stat.S_IRWXU)
    return sites.record


def deploy(
    record: Path, *arguments: str, present: str = "", vault: str = "", **environment: str
) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    tree = record.parent
    environment = {
        **os.environ,
        "PATH": f"{tree / 'bin'}:{os.environ['PATH']}",
        "RECORD": str(record),
        "PRESENT": present,
        "VAULT": vault,
        "SSL_CERT_FILE": str(tree / "certificates" / "bundle.pem"),
        **environment,
    }
    own = tree / "infra" / "azure"
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
    assert steps == ["package", "create", *["secret set"] * 3, "create", *code]
    first, second = (command for command in commands if "deployment group create" in command)
    assert first.endswith("--parameters withApps=false")
    assert "withApps" not in second
    assert key.read_text() not in done.stdout + record.read_text()


def test_the_key_of_the_forms_is_new_fits_its_setting_and_is_left_nowhere(record: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    present = {"present": "approval-signing-key", "vault": "sluice-kv"}
    done, _ = deploy(record, "--resource-group", "rg", **present, KEEP_FORM_KEY=str(kept))
    assert done.returncode == 0, done.stderr
    key = kept.read_text()
    assert len(base64.urlsafe_b64decode(key + "=")) == 32
    assert key not in done.stdout + record.read_text()
    assert not [
        path for path in Path(tempfile.gettempdir()).glob("tmp.*") if path.is_file() and key in path.read_text()
    ]


def _step(command: str) -> str | None:
    """What the command does, for those that change something."""
    known = ("make package", "deployment group create", "keyvault secret set", "zip -qr", "config-zip")
    names = ("package", "create", "secret set", "zip", "config-zip")
    return next((name for text, name in zip(known, names, strict=True) if text in command), None)


def test_secrets_that_are_there_stay_and_one_app_alone_can_be_deployed(record: Path) -> None:
    present = "approval-signing-key form-key notify-webhooks"
    done, commands = deploy(record, "--resource-group", "rg", "--only", "scoring", present=present, vault="sluice-kv")
    assert done.returncode == 0, done.stderr
    assert [step for command in commands if (step := _step(command))] == ["package", "create", "zip", "config-zip"]


def test_a_secret_that_vanished_is_put_back_before_the_apps_are_deployed(record: Path) -> None:
    done, commands = deploy(
        record, "--resource-group", "rg", present="approval-signing-key form-key", vault="sluice-kv"
    )
    assert done.returncode == 0, done.stderr
    assert [step for command in commands if (step := _step(command))][:3] == ["package", "secret set", "create"]


def test_only_the_apps_are_left_out_at_first() -> None:
    modules = all_templates()["main.bicep"].section("modules")
    conditional = {name for name, each in modules.items() if each["config"].get("condition")}
    assert conditional == {"controlApp", "gatewaySecret", "gatewayApp", "scoringApp", "signIn", "clockAlert"}


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
        (("--resource-group", "rg", "--within", "soon"), "--within"),
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


PRESENT = {"present": "approval-signing-key form-key notify-webhooks", "vault": "sluice-kv"}


def test_it_ends_well_only_when_every_app_works(record: Path) -> None:
    done, commands = deploy(record, "--resource-group", "rg", **PRESENT)
    assert done.returncode == 0, done.stderr
    assert "control works: 10 functions" in done.stdout
    assert "Done. Approval pages" in done.stdout
    asked = [command for command in commands if "function list" in command]
    assert len(asked) == 3


def test_an_app_that_azure_calls_running_and_that_has_no_function_fails_the_deployment(
    record: Path, sites: Sites
) -> None:
    sites["control"].functions = []
    done, _ = deploy(record, "--resource-group", "rg", "--within", "0", **PRESENT)
    assert done.returncode == 1
    (said,) = [line for line in done.stderr.splitlines() if line.startswith("deployed: ")]
    assert "control runs 0 of its 10 functions" in said
    assert said.endswith("infra/azure/deploy.sh --resource-group rg --only control")
    assert "Done" not in done.stdout


@pytest.mark.parametrize(("before", "code"), [(True, 1), (False, 0)])
def test_scoring_has_to_answer_models_where_it_did_before(before: bool, code: int, record: Path, sites: Sites) -> None:
    sites["scoring"].answers["/v2/health/ready"] = [200 if before else 503, 503]
    done, _ = deploy(record, "--resource-group", "rg", "--within", "0", "--only", "scoring", **PRESENT)
    assert done.returncode == code, done.stderr
    assert ("scoring answers 503 to https://" in done.stderr) is before


def test_a_key_pair_belongs_together_and_replaces_none(tmp_path: Path) -> None:
    path = tmp_path / "approval.key"
    public = write_pair(path)
    private = base64.urlsafe_b64decode(path.read_text() + "=")
    made = Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()
    assert base64.urlsafe_b64encode(made).decode().rstrip("=") == public
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IRUSR | stat.S_IWUSR
    with pytest.raises(FileExistsError):
        write_pair(path)
