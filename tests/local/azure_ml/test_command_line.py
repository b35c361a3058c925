"""The command line: a configuration that is wrong is refused, field by field, without its secrets."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests
from pydantic import ValidationError

from infra.local.azure_ml.config import Config, load
from tests.local.azure_ml.emulator_process import (
    REPOSITORY,
    Certificates,
    EmulatorProcess,
    configuration,
    identity,
)

pytestmark = pytest.mark.local_only
STORAGE = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;BlobEndpoint=http://127.0.0.1:1/a"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"subscription_id": "mine"}, "subscription_id"),
        ({"workspaces": []}, "workspaces"),
        ({"storage": "UseDevelopmentStorage=true"}, "storage"),
        ({"events": {"connection": "Endpoint=sb://localhost"}}, "events.connection"),
        ({"operations": "slow"}, "operations"),
        ({"environments": {"e": {"python": "/no/python"}}}, "environments.e.python"),
        ({"identities": [identity("a", 1, ("nowhere", ["*"]))]}, "identities.a.grants"),
        ({"max_running_jobs": 0}, "max_running_jobs"),
        ({"typo": 1}, "typo"),
    ],
)
def test_a_wrong_configuration_is_refused_by_field(tmp_path: Path, changes: dict[str, Any], field: str) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps(configuration(STORAGE, None) | changes))
    with pytest.raises(ValidationError) as refused:
        load(file)
    problems = [".".join(map(str, problem["loc"])) + problem["msg"] for problem in refused.value.errors()]
    assert any(field in problem for problem in problems)


def test_the_command_says_what_is_wrong_without_secrets(tmp_path: Path, certificates: Certificates) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps(configuration(STORAGE, None, typo=1)))
    arguments = ["--config", str(file), "--data", str(tmp_path / "data"), "--port", "0", "--identity-port", "0"]
    arguments += ["--cert", str(certificates.cert), "--key", str(certificates.key)]
    command = [sys.executable, "-m", "infra.local.azure_ml", *arguments]

    ended = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=120, check=False)

    assert ended.returncode == 2
    assert "typo" in ended.stderr
    assert "secret-of" not in ended.stderr


def test_secrets_are_not_shown() -> None:
    shown = repr(Config.model_validate(configuration(STORAGE, "Endpoint=sb://h;SharedAccessKey=hidden;EntityPath=i")))
    assert not any(secret in shown for secret in ("a2V5", "hidden", "secret-of-control"))


def test_health_is_on_the_identity_port(server: EmulatorProcess) -> None:
    assert requests.get(f"{server.operator_url}/health", timeout=120).json() == {"status": "ok"}
