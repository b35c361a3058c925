"""What `make package` builds is what runs: each app's package starts in Microsoft's worker library."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from infra import lockfile, package
from infra.local import app_settings, certificates, lifecycle
from infra.local.addresses import Addresses
from infra.local.functions_host.functions import read_function
from infra.local.functions_host.host_json import load_host_json
from infra.local.functions_host.http.overlaps import overlapping
from infra.local.functions_host.http.routes import Route, Routes
from infra.local.functions_host.worker_protocol import protos
from infra.local.state import load
from infra.local.system import Options
from tests.local.test_lifecycle import folder_with_free_ports, up
from tests.support.eventually import eventually

pytestmark = [pytest.mark.local_only]
EXPECTED = {
    "control": {"intake", "lifecycle", "commands"},
    "gateway": {"show_approval"},
    "scoring": {"infer"},
}


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Addresses]:
    """Of a system with Azurite, hubs and Azure ML, without any app."""
    folder = folder_with_free_ports(tmp_path_factory.mktemp("packaged"))
    up(folder)
    yield Addresses(folder, load(folder / "state.json"), certificates.ensure(folder / "certificates").bundle)
    lifecycle.down(folder)


def routes(app: Path, indexed: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[Route]:
    """Of the app's HTTP functions, under its prefix."""
    functions = [
        read_function(protos.RpcFunctionMetadata(name=name, raw_bindings=[json.dumps(each) for each in bindings]))
        for name, bindings in indexed.items()
        if any(each["type"] == "httpTrigger" for each in bindings)
    ]
    return Routes(functions, load_host_json(app).extensions.http.route_prefix).all


@pytest.mark.parametrize("app", EXPECTED)
def test_a_packaged_app_runs(app: str, addresses: Addresses, tmp_path: Path) -> None:
    package.build(app, tmp_path, lockfile.Lock((package.ROOT / "requirements.txt").read_text()))
    settings, ready = tmp_path / "settings.json", tmp_path / "ready" / app
    ready.parent.mkdir()
    values = app_settings.of(app, addresses, Options().policy)
    settings.write_text(json.dumps({"IsEncrypted": False, "Values": values}))
    flags = ["--app", str(tmp_path / app), "--name", app, "--port", "0", "--settings", str(settings)]
    command = [sys.executable, "-P", "-m", "infra.local.functions_host", *flags, "--ready-file", str(ready)]
    # The host itself is found on the path behind the package, so that the package's own modules win.
    environment = {**os.environ, "PYTHONPATH": str(package.ROOT)}
    with (tmp_path / "log").open("w") as log:
        host = subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=tmp_path)
    try:
        eventually(lambda: ready.exists() or host.poll() is not None)
        assert ready.exists(), (tmp_path / "log").read_text()[-2000:]
        told = json.loads(ready.read_text())
        assert set(told["functions"]) >= EXPECTED[app]
        assert overlapping(routes(tmp_path / app, told["indexed"])) == [], "two routes can match one path"
    finally:
        host.terminate()
        assert host.wait(60) == 0
