"""One emulator per mode for the session, reached by the unmodified MLClient with a managed identity."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from azure.identity import ManagedIdentityCredential

from tests.local.azure_ml.emulator_process import (
    GROUP,
    SUBSCRIPTION,
    Certificates,
    EmulatorProcess,
    configuration,
    make_certificates,
)
from tests.support.azurite import Azurite
from tests.support.azurite import azurite as azurite

type Connect = Callable[..., Any]


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def server(
    tmp_path_factory: pytest.TempPathFactory, azurite: Azurite, certificates: Certificates
) -> Iterator[EmulatorProcess]:
    """Operations are done at once; no events."""
    config = configuration(azurite.connection_string, None)
    emulator = EmulatorProcess(tmp_path_factory.mktemp("azure_ml"), config, certificates).start()
    yield emulator
    emulator.end()


@pytest.fixture(scope="session")
def slow_server(
    tmp_path_factory: pytest.TempPathFactory, azurite: Azurite, certificates: Certificates
) -> Iterator[EmulatorProcess]:
    """Operations are long-running."""
    config = configuration(azurite.connection_string, None, operations="long_running")
    emulator = EmulatorProcess(tmp_path_factory.mktemp("azure_ml_slow"), config, certificates).start()
    yield emulator
    emulator.end()


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch, certificates: Certificates) -> Connect:
    """`connect(server, identity="control", workspace="staging")`: the client as an app has it, by variables alone."""
    from azure.ai.ml import MLClient

    def build(
        server: EmulatorProcess, identity: str = "control", workspace: str = "staging", **options: Any
    ) -> MLClient:
        monkeypatch.setenv("AZUREML_DEV_URL_MFE", server.url)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificates.ca))
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{server.operator_url}/identity/token")
        monkeypatch.setenv("IDENTITY_HEADER", f"secret-of-{identity}")
        fixed = {"retry_total": 0, "read_timeout": 20, "polling_interval": 0.2, "show_progress": False}
        return MLClient(
            ManagedIdentityCredential(),
            SUBSCRIPTION,
            GROUP,
            workspace,
            enable_telemetry=False,
            **(fixed | options),
        )

    return build


@pytest.fixture
def ml(connect: Connect, server: EmulatorProcess) -> Any:
    """The client of `control` in workspace staging, on the fast emulator."""
    return connect(server)


@pytest.fixture
def name() -> str:
    """A name no other test uses."""
    return f"n{uuid4().hex[:12]}"


@pytest.fixture(autouse=True)
def _no_faults_left(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    for fixture in ("server", "slow_server"):
        if fixture in request.fixturenames:
            request.getfixturevalue(fixture).admin("DELETE", "/admin/faults")
