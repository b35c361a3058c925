"""The local servers in Azure's place, told through the variables that would name Azure: `--local`."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.contract.azure_ml import WORKSPACE
from tests.local.azure_ml.emulator_process import EmulatorProcess, configuration, make_certificates
from tests.support.azurite import Azurite
from tests.support.eventhubs import EventHubsServer, HubSpec

HUBS = [HubSpec(name, count, ("extra",)) for name, count in (("one", 1), ("two", 2), ("four", 4))]


@contextmanager
def stand_ins(folder: Path) -> Iterator[dict[str, str]]:
    """Yields the variables of this run, and those with which Azure's clients find the emulated workspace."""
    certificates = make_certificates(folder)
    with ExitStack() as running:
        storage = running.enter_context(Azurite(folder / "storage"))
        hubs = running.enter_context(EventHubsServer(folder / "event_hubs", HUBS))
        configured = configuration(storage.connection_string, None, max_running_jobs=2)
        workspace = EmulatorProcess(folder / "azure_ml", configured, certificates).start()
        running.callback(workspace.end)
        yield {
            "SLUICE_TEST_STORAGE": storage.connection_string,
            "SLUICE_TEST_EVENTHUBS": hubs.connection_string(),
            "SLUICE_TEST_WORKSPACE": WORKSPACE,
            "AZUREML_DEV_URL_MFE": workspace.url,
            "REQUESTS_CA_BUNDLE": str(certificates.ca),
            "IDENTITY_ENDPOINT": f"{workspace.operator_url}/identity/token",
            "IDENTITY_HEADER": "secret-of-control",
        }
