"""Every store of dead letters' bodies knows them by their digest, and keeps those that are buried again longer."""

import pytest

from shared.adapters.azure.storage.letter_bodies import BlobLetterBodies
from shared.adapters.memory import MemoryLetterBodies
from shared.ports import Absent, LetterBodies, Refused
from tests.contract.conftest import Account

pytestmark = pytest.mark.azure_untested


@pytest.fixture
async def bodies(place: Account | None) -> LetterBodies:
    if place is None:
        return MemoryLetterBodies()
    return BlobLetterBodies(place.storage.blobs, await place.container("letters"))


@pytest.mark.parametrize("body", [b"", b"{}", b"\x00\xff" * 500_000], ids=["empty", "small", "1 MB"])
async def test_a_body_is_found_by_its_digest_however_often_it_is_kept(bodies: LetterBodies, body: bytes) -> None:
    digest = await bodies.keep(body)
    assert await bodies.keep(body) == digest
    assert await bodies.read(digest) == body


async def test_what_is_deleted_or_never_was_is_absent(bodies: LetterBodies) -> None:
    for digest in ("0" * 64, "../secret", ""):
        with pytest.raises(Absent):
            await bodies.read(digest)


async def test_a_body_that_is_buried_again_is_written_again_so_that_its_days_begin_anew(account: Account) -> None:
    container = await account.container("letters")
    bodies = BlobLetterBodies(account.storage.blobs, container)
    digest = await bodies.keep(b"{}")
    blob = account.storage.blobs.get_blob_client(container, f"{digest[:2]}/{digest}")
    first = (await blob.get_blob_properties()).etag
    await bodies.keep(b"{}")
    assert (await blob.get_blob_properties()).etag != first


async def test_an_altered_body_is_refused(account: Account) -> None:
    container = await account.container("letters")
    bodies = BlobLetterBodies(account.storage.blobs, container)
    digest = await bodies.keep(b"{}")
    await account.storage.blobs.get_blob_client(container, f"{digest[:2]}/{digest}").upload_blob(b"[]", overwrite=True)
    with pytest.raises(Refused, match="altered"):
        await bodies.read(digest)
