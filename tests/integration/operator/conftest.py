"""A storage account with a ledger in it, and `sluice` as an operator runs it."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from azure.data.tables import TableClient, TableServiceClient
from azure.storage.blob import BlobServiceClient, ContainerClient
from typer.testing import CliRunner, Result

from function_app.operator.__main__ import app
from shared.adapters.azure.storage.account import storage_clients
from shared.adapters.azure.storage.archive import BlobArchive
from shared.adapters.azure.storage.evidence import BlobEvidence
from shared.adapters.azure.storage.ledger import TableLedger
from shared.adapters.azure.storage.seals import BlobSeals
from shared.adapters.memory.grown import MemoryGrown
from shared.ports.records.grown import End
from shared.reactor.retention import Archiving
from shared.reactor.sealing import seal
from tests.support.azurite import Azurite
from tests.unit.operator.life import Life, live
from tests.unit.operator.recorded import Recorder

_TABLES = ("ledger", "pending", "policies")
_CONTAINERS = ("evidence", "seals", "letters", "archive")


@dataclass
class Account:
    """Storage as the product lays it out; the others are for an intruder."""

    address: str
    table: TableClient
    evidence: ContainerClient
    seals: ContainerClient
    letters: ContainerClient
    archive: ContainerClient

    def live(self) -> Life:
        """A model's whole life, recorded."""
        return asyncio.run(self._live())

    async def _live(self) -> Life:
        clients = storage_clients(self.address)
        try:
            return await live(Recorder(TableLedger(clients.tables, BlobEvidence(clients.blobs))))
        finally:
            await clients.close()

    def archive_all(self) -> None:
        """As if all decisions were over their life."""
        asyncio.run(self._archive_all())

    async def _archive_all(self) -> None:
        clients = storage_clients(self.address)
        try:
            ledger = TableLedger(clients.tables, BlobEvidence(clients.blobs))
            await Archiving(ledger, BlobArchive(clients.blobs), -timedelta(days=3650)).run()
        finally:
            await clients.close()

    def seal(self) -> None:
        asyncio.run(self._seal())

    async def _seal(self) -> None:
        clients = storage_clients(self.address)
        try:
            ledger = TableLedger(clients.tables, BlobEvidence(clients.blobs))
            grown = MemoryGrown()
            await grown.note([End(name, of, head.length, True, head.hash) async for name, of, head in ledger.chains()])
            await seal(ledger, grown, BlobSeals(clients.blobs))
        finally:
            await clients.close()


@pytest.fixture(scope="module")
def own_azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    """Not the session's: the command line knows the product's own table names only."""
    with Azurite(tmp_path_factory.mktemp("operator")) as storage:
        yield storage


@pytest.fixture
def account(own_azurite: Azurite, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """Empty tables and containers, named in the environment."""
    address = own_azurite.connection_string
    monkeypatch.setenv("SLUICE_STORAGE", address)
    monkeypatch.setenv("COLUMNS", "140")
    monkeypatch.delenv("SLUICE_LOCAL", raising=False)
    with TableServiceClient.from_connection_string(address) as tables:
        clients = [tables.create_table(name) for name in _TABLES]
        with BlobServiceClient.from_connection_string(address) as blobs:
            containers = [blobs.create_container(name) for name in _CONTAINERS]
            yield Account(address, clients[0], *containers)
            for container in containers:
                container.delete_container()
        for name in _TABLES:
            tables.delete_table(name)


def sluice(*arguments: str) -> Result:
    """In this process; the exit code and both streams."""
    return CliRunner().invoke(app, list(arguments))
