"""Where the suites run: in memory, on Azurite, and on Azure when `SLUICE_TEST_STORAGE` names an account.

Every test here says with one mark how far it has been compared with Azure.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from shared.adapters.azure.storage.account import Storage, storage_clients
from tests.contract import live
from tests.contract.azure_ml import azure_workspace, emulator, workspace
from tests.support.azurite import Azurite

__all__ = ["azure_workspace", "emulator", "workspace"]
ACCOUNTS = ["azurite", *(["azure"] if live.STORAGE else [])]
_MARKS = {"azure_validated", "azure_untested", "local_only"}
_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    unmarked = [
        item.nodeid
        for item in items
        if _HERE in item.path.parents and len(_MARKS & {mark.name for mark in item.iter_markers()}) != 1
    ]
    if unmarked:
        raise pytest.UsageError(f"exactly one of {sorted(_MARKS)} is required: {unmarked}")


@dataclass
class Account:
    """A storage account in which every test has tables and containers of its own."""

    storage: Storage
    is_azure: bool = False
    tables: list[str] = field(default_factory=list)
    containers: list[str] = field(default_factory=list)

    async def table(self, stem: str) -> str:
        name = self._named("table", stem)
        await self.storage.tables.create_table(name)
        self.tables.append(name)
        return name

    async def container(self, stem: str) -> str:
        name = self._named("container", stem)
        await self.storage.blobs.create_container(name)
        self.containers.append(name)
        return name

    def _named(self, kind: live.Kind, stem: str) -> str:
        return live.named(kind, stem, on_record=self.is_azure)

    async def close(self) -> None:
        for table in self.tables:
            await self.storage.tables.delete_table(table)
            self._removed("table", table)
        for container in self.containers:
            await self.storage.blobs.delete_container(container)
            self._removed("container", container)
        await self.storage.close()

    def _removed(self, kind: live.Kind, name: str) -> None:
        if self.is_azure:
            live.write_down("removed", kind, name)


async def _account(place: str, request: pytest.FixtureRequest) -> Account:
    if place == "azure":
        return Account(storage_clients(live.STORAGE), is_azure=True)
    azurite: Azurite = request.getfixturevalue("azurite")
    return Account(storage_clients(azurite.connection_string))


@pytest.fixture(params=ACCOUNTS)
async def account(request: pytest.FixtureRequest) -> AsyncIterator[Account]:
    """A real account: for what only storage can show."""
    account = await _account(request.param, request)
    yield account
    await account.close()


@pytest.fixture(params=["memory", *ACCOUNTS])
async def place(request: pytest.FixtureRequest) -> AsyncIterator[Account | None]:
    """A storage account, or None for memory: what the adapters of one suite are built on."""
    account = None if request.param == "memory" else await _account(request.param, request)
    yield account
    if account is not None:
        await account.close()
