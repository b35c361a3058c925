"""A storage account that asks for a pause gets it from the reactor: no client sleeps, and no call goes on after it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from aiohttp import web

from shared.adapters.azure.storage.account import Storage, storage_clients, storage_errors
from shared.ports import Unavailable

pytestmark = pytest.mark.local_only
type Ask = Callable[[Storage], Awaitable[object]]


@dataclass
class Busy:
    """A server that answers everything with `status` and `headers`; `asked` are the paths, in order."""

    url: str = ""
    status: int = 503
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    answers: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        await request.read()
        self.arrived.set()
        await self.answers.wait()
        return web.Response(status=self.status, headers=self.headers)


@pytest.fixture
async def busy() -> AsyncIterator[Busy]:
    server, app = Busy(), web.Application()
    server.answers.set()
    app.router.add_route("*", "/{path:.*}", server.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield server
    await runner.cleanup()


@pytest.fixture
async def storage(busy: Busy) -> AsyncIterator[Storage]:
    places = "".join(f"{kind}Endpoint={busy.url}/sluice;" for kind in ("Blob", "Table"))
    clients = storage_clients(f"AccountName=sluice;AccountKey=a2V5;{places}")
    yield clients
    await clients.close()


async def read_blob(storage: Storage) -> object:
    return await storage.blobs.get_blob_client("evidence", "one").download_blob()


async def write_blob(storage: Storage) -> object:
    return await storage.blobs.get_blob_client("evidence", "one").upload_blob(b"body")


async def read_row(storage: Storage) -> object:
    return await storage.tables.get_table_client("ledger").get_entity("p", "r")


async def write_rows(storage: Storage) -> object:
    row = {"PartitionKey": "p", "RowKey": "r"}
    return await storage.tables.get_table_client("ledger").submit_transaction([("create", row)])


@pytest.mark.parametrize("ask", [read_blob, write_blob, read_row, write_rows])
@pytest.mark.parametrize(
    ("status", "headers", "pause_s"),
    [
        (503, {"Retry-After": "600"}, 600),
        (429, {"Retry-After": "7"}, 7),
        (500, {"x-ms-retry-after-ms": "1500"}, 1.5),
        (503, {"Retry-After": "86400"}, 3600),
    ],
)
async def test_a_pause_is_handed_on_and_not_slept(
    busy: Busy, storage: Storage, ask: Ask, status: int, headers: dict[str, str], pause_s: float
) -> None:
    busy.status, busy.headers = status, headers
    with pytest.raises(Unavailable, match=f"ask: {status}") as refused, storage_errors("ask"):
        await ask(storage)
    assert refused.value.pause == timedelta(seconds=pause_s)
    assert len(busy.asked) == 1


@pytest.mark.parametrize("ask", [read_blob, read_row])
async def test_what_asks_for_no_pause_is_tried_again_briefly(busy: Busy, storage: Storage, ask: Ask) -> None:
    with pytest.raises(Unavailable, match="503") as refused, storage_errors("ask"):
        await ask(storage)
    assert refused.value.pause is None
    assert len(busy.asked) == 3


@pytest.mark.parametrize("ask", [read_blob, read_row])
async def test_a_call_that_is_cancelled_asks_no_more(busy: Busy, storage: Storage, ask: Ask) -> None:
    busy.answers.clear()
    asking = asyncio.ensure_future(ask(storage))
    await busy.arrived.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    busy.answers.set()
    assert len(busy.asked) == 1


async def test_an_identity_endpoint_that_asks_for_a_pause_keeps_no_call_asleep(
    busy: Busy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every client asks it first. What is left are the client's own brief tries."""
    busy.status, busy.headers = 429, {"Retry-After": "600"}
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{busy.url}/token")
    monkeypatch.setenv("IDENTITY_HEADER", "secret")
    storage = storage_clients("https://sluice.blob.core.windows.net")
    with pytest.raises(Unavailable), storage_errors("ask"):
        await read_blob(storage)
    await storage.close()
    assert busy.asked == ["/token"] * 3
