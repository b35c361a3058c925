"""Every store of files to score tells them apart by their ETag."""

from pathlib import Path

import pytest

from shared.adapters.azure.storage.batch_files import BlobBatchFiles
from shared.adapters.memory import MemoryBatchFiles
from shared.ports import Absent, BatchFile, BatchFiles, Moved, Refused
from tests.contract.conftest import Account

pytestmark = pytest.mark.azure_untested
NAME = "flights/2013 May/größe #1?.parquet"


class Handed:
    """The port, and whoever hands files over."""

    def __init__(self, place: Account | None, container: str = "") -> None:
        self.memory = MemoryBatchFiles()
        self.blobs = BlobBatchFiles(place.storage.blobs, container) if place else None

    @property
    def port(self) -> BatchFiles:
        return self.blobs or self.memory

    async def put(self, name: str, body: bytes, folder: Path) -> str:
        if self.blobs is None:
            etag = f"0x{len(self.memory.files):X}{len(body):X}"
            self.memory.files[name] = BatchFile(etag, len(body))
            return etag
        (folder / "file").write_bytes(body)
        return await self.blobs.put(name, folder / "file")


@pytest.fixture
async def handed(place: Account | None) -> Handed:
    return Handed(place) if place is None else Handed(place, await place.container("batch-in"))


async def test_a_file_is_seen_as_it_is_now(handed: Handed, tmp_path: Path) -> None:
    first = await handed.put(NAME, b"rows", tmp_path)
    assert await handed.port.look(NAME) == BatchFile(first, 4)
    second = await handed.put(NAME, b"more rows", tmp_path)
    assert second != first
    assert '"' not in second
    assert await handed.port.look(NAME) == BatchFile(second, 9)


async def test_a_file_that_is_not_there_is_absent(handed: Handed) -> None:
    with pytest.raises(Absent):
        await handed.port.look("flights/none.parquet")


@pytest.mark.parametrize("name", ["", "../x", "flights//x", "flights/..", "a\\b", "flights/\x00"])
async def test_what_is_no_path_is_refused(handed: Handed, name: str) -> None:
    with pytest.raises(Refused):
        await handed.port.look(name)


async def test_only_the_version_that_was_asked_for_is_fetched(account: Account, tmp_path: Path) -> None:
    files = BlobBatchFiles(account.storage.blobs, await account.container("batch-in"))
    source, fetched = tmp_path / "source", tmp_path / "fetched"
    source.write_bytes(b"x" * 9_000_000)
    first = await files.put(NAME, source)
    assert await files.fetch(NAME, first, fetched) == ""
    assert fetched.read_bytes() == b"x" * 9_000_000
    source.write_bytes(b"other")
    second = await files.put(NAME, source, '{"prefix": "a b"}')
    assert await files.fetch(NAME, second, fetched) == '{"prefix": "a b"}'
    assert fetched.read_bytes() == b"other"
    with pytest.raises(Moved):
        await files.fetch(NAME, first, fetched)
