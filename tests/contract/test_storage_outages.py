"""A storage account that is down is unavailable, and never an empty one."""

from pathlib import Path

import pytest

from shared.adapters.azure.storage.account import Storage, storage_clients
from shared.adapters.azure.storage.approvals import TableApprovals
from shared.adapters.azure.storage.evidence import BlobEvidence
from shared.adapters.azure.storage.ledger import TableLedger
from shared.adapters.azure.storage.serving import BlobServingManifests
from shared.ports import Unavailable
from tests.contract.examples import ENDPOINT, ENTITY, NOON
from tests.support.azurite import Azurite

pytestmark = pytest.mark.local_only


async def test_an_account_that_is_down_is_unavailable(tmp_path: Path) -> None:
    with Azurite(tmp_path) as azurite:
        connection = azurite.connection_string
    storage = storage_clients(connection)
    evidence = BlobEvidence(storage.blobs)
    ledger = TableLedger(storage.tables, evidence)
    for call in (
        lambda: ledger.head("staging", ENTITY),
        lambda: ledger.due(NOON),
        lambda: evidence.keep(b"{}"),
        lambda: BlobServingManifests(storage.blobs).read(ENDPOINT),
    ):
        with pytest.raises(Unavailable):
            await call()
    await storage.close()


async def test_a_missing_table_or_container_is_unavailable(azurite: Azurite) -> None:
    storage = storage_clients(azurite.connection_string)
    with pytest.raises(Unavailable, match="TableNotFound"):
        await TableApprovals(storage.tables, "neverprovisioned").get("approval-1")
    with pytest.raises(Unavailable, match="ContainerNotFound"):
        await BlobEvidence(storage.blobs, "never-provisioned").read("0" * 64)
    await storage.close()


async def test_an_app_with_rights_on_blobs_alone_needs_no_table_endpoint() -> None:
    storage = storage_clients("BlobEndpoint=http://127.0.0.1:1/sluice;SharedAccessSignature=sv=1&sig=secret")
    assert storage.blobs.account_name == "sluice"
    assert "secret" not in repr(storage)
    await storage.close()


async def test_an_account_named_by_its_address_is_reached_by_identity() -> None:
    storage: Storage = storage_clients("https://sluice.blob.core.windows.net")
    assert storage.blobs.url == "https://sluice.blob.core.windows.net/"
    assert storage.tables.url == "https://sluice.table.core.windows.net"
    await storage.close()
