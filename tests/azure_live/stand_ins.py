"""The local servers in Azure's place, told through the variables that would name Azure: `--local`, `--by-identity`."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from infra.local import certificates as authority
from tests.azure_live.names import NAMES
from tests.contract.azure_ml import WORKSPACE
from tests.local.azure_ml.emulator_process import EmulatorProcess, configuration, make_certificates
from tests.support.azurite import ACCOUNT, Azurite
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


@contextmanager
def signed_in(folder: Path) -> Iterator[dict[str, str]]:
    """Storage alone, by its address as in Azure: https, and a token of the identity endpoint instead of a key."""
    hosts = [f"{ACCOUNT}.{kind}.core.windows.net" for kind in ("blob", "table")]
    files = authority.ensure(folder / "certificates", ("localhost", "127.0.0.1", *hosts))
    with ExitStack() as running:
        secured = ["--cert", str(files.certificate), "--key", str(files.key), "--oauth", "basic"]
        blobs = running.enter_context(Azurite(folder / "blobs", options=secured))
        # Azurite fails every transaction where the host names the account (ADR 0006). The client of tables keeps the
        # address's path, that of blobs does not.
        tables = running.enter_context(Azurite(folder / "tables", options=[*secured, "--disableProductStyleUrl"]))
        # The workspace, of which only the identity endpoint is asked for, has a store of its own.
        configured = configuration(running.enter_context(Azurite(folder / "workspace")).connection_string, None)
        identity = EmulatorProcess(folder / "azure_ml", configured, make_certificates(folder)).start()
        running.callback(identity.end)
        yield {
            "SLUICE_TEST_STORAGE": f"https://{hosts[0]}/{ACCOUNT}",
            NAMES: json.dumps(dict(zip(hosts, (blobs.blob_port, tables.table_port), strict=True))),
            "SSL_CERT_FILE": str(files.authority),
            "REQUESTS_CA_BUNDLE": str(files.authority),
            "IDENTITY_ENDPOINT": f"{identity.operator_url}/identity/token",
            "IDENTITY_HEADER": "secret-of-control",
        }
