"""Evidence as blobs: bodies at `<first two digits>/<digest>`, job reports named in `reports/<job>`."""

import re
from hashlib import sha256

from azure.storage.blob.aio import BlobServiceClient

from shared.adapters.azure.storage.blobs import create, download
from shared.adapters.azure.storage.digested import DIGEST, place_of, read_digested
from shared.ports import Absent, Evidence, Refused

_JOB = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")


class BlobEvidence(Evidence):
    def __init__(self, blobs: BlobServiceClient, container: str = "evidence") -> None:
        self._container = blobs.get_container_client(container)

    async def keep(self, body: bytes) -> str:
        digest = sha256(body).hexdigest()
        await create(self._container, place_of(digest), body)
        return digest

    async def read(self, digest: str) -> bytes:
        return await read_digested(self._container, digest)

    async def report(self, job: str) -> str | None:
        if not _JOB.fullmatch(job):
            raise Refused(f"job: {job[:80]!r} is not a job name")
        try:
            digest = (await download(self._container, f"reports/{job}")).decode("ascii", "replace").strip()
        except Absent:
            return None
        if not DIGEST.fullmatch(digest):
            raise Refused(f"reports/{job} does not hold a digest")
        return digest
