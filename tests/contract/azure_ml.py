"""Azure ML for the suites of models and jobs: memory, the local emulator, and Azure when variables name workspaces.

`SLUICE_TEST_WORKSPACE` is the resource id of a workspace with environment `sluice-jobs:1` and a compute named `cpu`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from azure.identity import ManagedIdentityCredential

from shared.adapters.azure.machine_learning.jobs import AzureMLJobs
from shared.adapters.azure.machine_learning.models import AzureMLModels
from shared.adapters.azure.machine_learning.workspaces import AzureMLWorkspaces
from shared.events import JobRef
from tests.contract import live
from tests.local.azure_ml.emulator_process import (
    GROUP,
    SUBSCRIPTION,
    EmulatorProcess,
    configuration,
    make_certificates,
)
from tests.support.azurite import Azurite
from tests.support.eventually import PATIENCE_S, aeventually

_GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"
WORKSPACE = f"{_GROUP}/providers/Microsoft.MachineLearningServices/workspaces/staging"
# What the suites run on: memory, and the fixtures that give a real workspace.
PLACES = ["memory", "workspace", *(["azure_workspace"] if live.WORKSPACE else [])]


@dataclass
class Workspace:
    """One workspace, reached by the real client."""

    id: str
    clients: AzureMLWorkspaces
    is_azure: bool = False

    @property
    def models(self) -> AzureMLModels:
        return AzureMLModels(self.clients)

    @property
    def jobs(self) -> AzureMLJobs:
        return AzureMLJobs(self.clients)

    def named(self, kind: live.Kind, stem: str) -> str:
        return live.named(kind, stem, on_record=self.is_azure)

    @property
    def patience_s(self) -> float:
        """How long a job may take to end."""
        return live.PATIENCE_S if self.is_azure else PATIENCE_S


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory, azurite: Azurite) -> Iterator[EmulatorProcess]:
    """Reached by environment variables alone, as in every app."""
    certificates = make_certificates(tmp_path_factory.mktemp("contract_certificates"))
    config = configuration(azurite.connection_string, None, max_running_jobs=2)
    emulator = EmulatorProcess(tmp_path_factory.mktemp("contract_azure_ml"), config, certificates).start()
    yield emulator
    emulator.end()


def reach(monkeypatch: pytest.MonkeyPatch, server: EmulatorProcess, identity: str = "control") -> None:
    """The variables with which the unmodified SDK finds the emulator, as this identity."""
    monkeypatch.setenv("AZUREML_DEV_URL_MFE", server.url)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(server.certificates.ca))
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{server.operator_url}/identity/token")
    monkeypatch.setenv("IDENTITY_HEADER", f"secret-of-{identity}")


@pytest.fixture
def workspace(emulator: EmulatorProcess, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """Workspace `staging` of the emulator, which forgets its faults afterwards."""
    reach(monkeypatch, emulator)
    clients = AzureMLWorkspaces([WORKSPACE], ManagedIdentityCredential)
    yield Workspace(WORKSPACE, clients)
    clients.close()
    emulator.admin("DELETE", "/admin/faults")


@pytest.fixture
def azure_workspace() -> Iterator[Workspace]:
    """The workspace that the variable names, on Azure."""
    clients = AzureMLWorkspaces([live.WORKSPACE])
    yield Workspace(live.WORKSPACE, clients, is_azure=True)
    clients.close()


async def write_output(workspace: Workspace, ref: JobRef) -> None:
    """Run a job that writes a file into its output `model`."""
    from azure.ai.ml import Output, command

    job = command(
        name=ref.name,
        command="echo weights > ${{outputs.model}}/model.onnx",
        environment="azureml:sluice-jobs:1",
        compute="cpu",
        experiment_name="contract",
        outputs={"model": Output(type="uri_folder")},
    )
    await workspace.clients.call(ref.workspace, "jobs", "run a job", lambda client: client.jobs.create_or_update(job))
    await aeventually(lambda: _completed(workspace, ref), workspace.patience_s)


async def _completed(workspace: Workspace, ref: JobRef) -> bool:
    return await workspace.jobs.state(ref) == "completed"
