"""The blobs of batch scoring: the file in `batch-in`, and in `batch-out` two Parquet files for each chunk.

`<output>/part-000000.parquet` are the scored rows of the first chunk; it is written last, create only, and so says that
the chunk is done. `<output>/rejected-000000.parquet` are the others, where there are any. `<output>/result.json` is the
report, written when there is nothing left to do.
"""

import asyncio
import json
import re
from pathlib import Path

from azure.storage.blob.aio import BlobServiceClient

from function_app.jobs.batch.counts import Counts
from shared.adapters.azure.storage.account import storage_errors
from shared.adapters.azure.storage.batch_files import BlobBatchFiles
from shared.adapters.azure.storage.blobs import create
from shared.events import FileRef
from shared.ports import Moved

_PART = re.compile(r"part-([0-9]{6,})\.parquet")


class BatchBlobs:
    """All methods raise `Unavailable`."""

    def __init__(self, blobs: BlobServiceClient, files: str = "batch-in", results: str = "batch-out") -> None:
        self._files = BlobBatchFiles(blobs, files)
        self._results = blobs.get_container_client(results)

    async def fetch(self, file: FileRef, path: Path) -> str:
        """The options that came with it. Raises `Moved` when it was replaced since it was asked for, or `Absent`."""
        return await self._files.fetch(file.name, file.etag, path)

    async def done(self, output: str) -> list[Counts]:
        """Of the chunks that are written, from the first one to the first that is missing."""
        found: dict[int, Counts] = {}
        with storage_errors(f"list {output}"):
            async for blob in self._results.list_blobs(f"{output}/part-", include=["metadata"]):
                match = _PART.fullmatch(blob.name.rpartition("/")[2])
                if match:
                    counts = blob.metadata or {}
                    found[int(match[1])] = Counts(int(counts["rows"]), json.loads(counts["rejected_by"]))
        return [found[index] for index in range(next(i for i in range(len(found) + 1) if i not in found))]

    async def keep(self, output: str, index: int, counts: Counts, scored: Path, rejected: Path) -> None:
        """Another attempt that still runs may have been faster: what it wrote is the same."""
        if counts.rejected_by:
            await create(
                self._results, f"{output}/rejected-{index:06d}.parquet", await asyncio.to_thread(rejected.read_bytes)
            )
        body = await asyncio.to_thread(scored.read_bytes)
        metadata = {"rows": str(counts.rows), "rejected_by": json.dumps(counts.rejected_by)}
        name = f"{output}/part-{index:06d}.parquet"
        try:
            with storage_errors(f"write {name}"):
                await self._results.upload_blob(name, body, overwrite=False, metadata=metadata)
        except Moved:
            pass

    async def conclude(self, output: str, report: bytes) -> None:
        with storage_errors(f"write {output}/result.json"):
            await self._results.upload_blob(f"{output}/result.json", report, overwrite=True)
