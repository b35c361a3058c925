"""Every archive knows its pieces by their digests."""

import pytest

from shared.adapters.azure.storage.archive import BlobArchive
from shared.adapters.memory import MemoryArchive
from shared.ports import Absent, Archive, Refused
from tests.contract.conftest import Account

pytestmark = pytest.mark.azure_untested


@pytest.fixture
async def archive(place: Account | None) -> Archive:
    return MemoryArchive() if place is None else BlobArchive(place.storage.blobs, await place.container("archive"))


@pytest.mark.parametrize("piece", [b"", b"a piece", b"\x00\xff" * 500_000], ids=["empty", "small", "1 MB"])
async def test_a_piece_is_found_by_its_digest_however_often_it_is_kept(archive: Archive, piece: bytes) -> None:
    digest = await archive.keep(piece)
    assert await archive.keep(piece) == digest
    assert await archive.read(digest) == piece


async def test_what_is_deleted_or_never_was_is_absent(archive: Archive) -> None:
    for digest in ("0" * 64, "../secret", ""):
        with pytest.raises(Absent):
            await archive.read(digest)


async def test_an_altered_piece_is_refused(account: Account) -> None:
    container = await account.container("archive")
    archive = BlobArchive(account.storage.blobs, container)
    digest = await archive.keep(b"a piece")
    blob = account.storage.blobs.get_blob_client(container, f"{digest[:2]}/{digest}")
    await blob.upload_blob(b"another", overwrite=True)
    with pytest.raises(Refused, match="altered"):
        await archive.read(digest)
