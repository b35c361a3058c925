"""Transactions that we write ourselves do what the SDK's own do, and fail as they do."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError
from azure.core.rest import HttpRequest
from azure.data.tables import UpdateMode
from azure.data.tables.aio import TableClient, TableServiceClient
from azure.identity.aio import DefaultAzureCredential

from shared.adapters.azure.storage import changesets
from shared.adapters.azure.storage.changesets import write
from tests.contract.conftest import Account

pytestmark = pytest.mark.azure_untested

STRANGE = "it's ü, %27 and |"


def _sdk(address: str) -> TableServiceClient:
    """The SDK's own client of the same account."""
    if address.startswith("https://"):
        return TableServiceClient(address.replace(".blob.", ".table.", 1), credential=DefaultAzureCredential())
    return TableServiceClient.from_connection_string(address)


@pytest.fixture
async def clients(account: Account) -> AsyncIterator[tuple[TableClient, TableClient]]:
    """Ours and the SDK's own, each with a table to itself."""
    ours = account.storage.tables.get_table_client(await account.table("ours"))
    async with _sdk(account.storage.address) as sdk:
        yield ours, sdk.get_table_client(await account.table("sdks"))


def row(key: str, **columns: Any) -> dict[str, Any]:
    return {"PartitionKey": STRANGE, "RowKey": key, **columns}


async def _same(clients: tuple[TableClient, TableClient], operations: Sequence[Any]) -> None:
    """Both do the same: the same operations answered with a version, and the same rows afterwards."""
    ours, sdks = clients
    versions = await ours.submit_transaction(operations), await sdks.submit_transaction(operations)
    assert [set(each) for each in versions[0]] == [set(each) for each in versions[1]]
    assert await _rows(ours) == await _rows(sdks)


async def _rows(table: TableClient) -> list[Mapping[str, Any]]:
    return [dict(each) async for each in table.list_entities()]


async def test_every_operation_does_what_it_does_when_the_sdk_writes_it(
    clients: tuple[TableClient, TableClient],
) -> None:
    columns: dict[str, Any] = {
        "text": "--batch\r\n'%27' \u2028 🦥",
        "bytes": bytes(range(256)),
        "flag": True,
        "half": 0.5,
    }
    await _same(clients, [("create", row("a", **columns)), ("create", row("b", number=1))])
    await _same(clients, [("update", row("a", flag=False), {"mode": UpdateMode.MERGE}), ("delete", row("b"))])
    await _same(clients, [("upsert", row("c", number=2), {"mode": UpdateMode.REPLACE}), ("upsert", row("a", half=1.5))])
    await _same(clients, [("update", row("a", text="x"), {"mode": UpdateMode.REPLACE}), ("create", row("d"))])


async def test_the_version_that_it_answers_is_the_rows(clients: tuple[TableClient, TableClient]) -> None:
    ours, _ = clients
    written = await ours.submit_transaction([("create", row("a")), ("create", row("b"))])
    found = [(await ours.get_entity(STRANGE, key)).metadata["etag"] for key in ("a", "b")]
    assert [each["etag"] for each in written] == found


async def test_what_fails_undoes_all_and_is_raised_as_the_sdk_raises_it(
    clients: tuple[TableClient, TableClient],
) -> None:
    old = {"etag": "W/\"datetime'2020-01-01T00%3A00%3A00.0000000Z'\"", "match_condition": MatchConditions.IfNotModified}
    for table in clients:
        await table.submit_transaction([("create", row("a"))])
    for failing in (
        [("create", row("b")), ("create", row("a"))],
        [("create", row("b")), ("update", row("a"), {"mode": UpdateMode.MERGE, **old})],
        [("create", row("b")), ("update", row("gone"), {"mode": UpdateMode.MERGE})],
        [("create", row("b")), ("create", row("c", large=b"x" * 70_000))],
    ):
        raised = [await _raised(table, failing) for table in clients]
        assert raised[0] == raised[1]
        assert [each["RowKey"] for each in await _rows(clients[0])] == ["a"]


async def test_a_table_that_is_missing_is_named(account: Account) -> None:
    async with _sdk(account.storage.address) as sdk:
        both = [each.get_table_client("neverprovisioned") for each in (account.storage.tables, sdk)]
        raised = [await _raised(table, [("create", row("a"))]) for table in both]
    assert raised[0] == raised[1] == (404, "TableNotFound")


async def _raised(table: TableClient, operations: Sequence[Any]) -> tuple[int | None, str]:
    with pytest.raises(HttpResponseError) as caught:
        await table.submit_transaction(operations)
    code = getattr(caught.value, "error_code", "")
    return caught.value.status_code, str(getattr(code, "value", code))


async def test_the_sdk_has_us_write_its_transactions(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a release goes another way, what is written here is dead, and the cost page untrue."""
    asked: list[int] = []

    def spied(operations: Sequence[HttpRequest]) -> tuple[str, bytes]:
        asked.append(len(operations))
        return write(operations)

    monkeypatch.setattr(changesets, "write", spied)
    table = account.storage.tables.get_table_client(await account.table("asked"))
    await table.submit_transaction([("create", row("a")), ("create", row("b"))])
    assert asked == [2]
