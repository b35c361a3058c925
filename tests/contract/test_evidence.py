"""Every store of evidence knows bodies by their digest alone."""

from hashlib import sha256

import pytest

from shared.adapters.azure.storage.evidence import BlobEvidence
from shared.adapters.memory import MemoryEvidence
from shared.ports import Absent, Evidence, Refused
from tests.contract.conftest import Account

pytestmark = pytest.mark.azure_untested


class Kept:
    """The evidence, and what others do to its store: a job that leaves a report, an intruder who alters a body."""

    def __init__(self, place: Account | None, container: str = "") -> None:
        self.memory = MemoryEvidence()
        self.place, self.container = place, container

    @property
    def port(self) -> Evidence:
        return self.memory if self.place is None else BlobEvidence(self.place.storage.blobs, self.container)

    async def write(self, path: str, body: bytes) -> None:
        if self.place is not None:
            container = self.place.storage.blobs.get_container_client(self.container)
            await container.upload_blob(path, body, overwrite=True)
        elif path.startswith("reports/"):
            self.memory.reports[path.removeprefix("reports/")] = body.decode().strip()
        else:
            self.memory.bodies[path.partition("/")[2]] = body


@pytest.fixture
async def kept(place: Account | None) -> Kept:
    return Kept(place) if place is None else Kept(place, await place.container("evidence"))


@pytest.mark.parametrize("body", [b"", b"{}", b"\x00\xff" * 1_000_000], ids=["empty", "small", "2 MB"])
async def test_a_body_is_found_by_its_sha_256(kept: Kept, body: bytes) -> None:
    digest = await kept.port.keep(body)
    assert digest == sha256(body).hexdigest()
    assert await kept.port.keep(body) == digest
    assert await kept.port.read(digest) == body


async def test_an_unknown_digest_is_absent(kept: Kept) -> None:
    for digest in ("0" * 64, "../secret", ""):
        with pytest.raises(Absent):
            await kept.port.read(digest)


async def test_an_altered_body_is_refused(kept: Kept) -> None:
    digest = await kept.port.keep(b"12 checks passed")
    await kept.write(f"{digest[:2]}/{digest}", b"13 checks passed")
    with pytest.raises(Refused, match="altered"):
        await kept.port.read(digest)


async def test_the_report_of_a_job_is_found_by_the_jobs_name(kept: Kept) -> None:
    assert await kept.port.report("staging-1") is None
    digest = await kept.port.keep(b"report")
    await kept.write("reports/staging-1", digest.encode() + b"\n")
    assert await kept.port.report("staging-1") == digest
    assert await kept.port.report("staging-2") is None
