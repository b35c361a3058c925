"""The batch job: fetch, read, score and write, chunk by chunk, with the package that was asked for.

This process has the job's identity, and touches neither the file nor the model: both are strangers'.
"""

import asyncio
import logging
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING

from function_app.jobs.batch.counts import REJECTED, SCORED, Counts
from function_app.jobs.batch.row_sandbox import RowSandbox
from services.scoring.files import NotScorable, unforeseen
from shared.events import canonical
from shared.packages import BatchReport, BatchRequestBody, NotAPackage, fetch_files, write_files
from shared.ports import Absent, Moved, Refused, Unavailable

if TYPE_CHECKING:
    from function_app.jobs.storage import JobStorage

logger = logging.getLogger("sluice.batch")


@dataclass(slots=True)
class _Totals:
    chunks: int = 0
    rows: int = 0
    before: int = 0
    rejected_by: Counter[str] = field(default_factory=Counter)

    def add(self, counts: Counts) -> None:
        self.chunks += 1
        self.rows += counts.rows
        self.rejected_by.update(counts.rejected_by)


async def score_file(request: BatchRequestBody, storage: "JobStorage") -> BatchReport:
    """What is wrong with file or package is the report's `problem`; what another attempt may cure is raised."""
    began = perf_counter()
    totals, problem = _Totals(), ""
    try:
        await _score(request, storage, totals)
    except NotScorable as error:
        problem = str(error)
    except Absent as error:
        problem = f"file or package was removed: {error}"
    except Moved:
        problem = "the file was replaced or removed since it was asked for"
    except Refused as error:
        problem = f"the package cannot be used: {error}"
    except (Unavailable, OSError, MemoryError):
        raise
    except Exception as error:  # a mistake of ours: another attempt would make it again
        logger.exception("%s is not scored", request.file.name)
        problem = f"{unforeseen(error)}; the job's log has the whole of it"
    report = BatchReport(
        file=request.file, package=request.package, output=request.output, rows=totals.rows,
        rejected=totals.rejected_by.total(), rejected_by=dict(totals.rejected_by), scored_before=totals.before,
        seconds=round(perf_counter() - began, 3), problem=problem,
    )  # fmt: skip
    await storage.batch.conclude(request.output, canonical(report.model_dump(mode="json")))
    return report


async def _score(request: BatchRequestBody, storage: "JobStorage", totals: _Totals) -> None:
    for before in await storage.batch.done(request.output):
        totals.add(before)
    totals.before = totals.rows
    with TemporaryDirectory(prefix="sluice-batch-") as folder:
        package, parts = Path(folder) / "package", Path(folder) / "parts"
        package.mkdir()
        parts.mkdir()
        await _fetch(storage, request.package.digest, package)
        file = Path(folder) / "file"
        options = await storage.batch.fetch(request.file, file)
        with RowSandbox(package, request.package) as sandbox:
            await asyncio.to_thread(sandbox.load)
            chunks = sandbox.chunks(file, request.file.name, request.chunk_rows, totals.chunks, parts, options)
            while (counts := await asyncio.to_thread(next, chunks, None)) is not None:
                await storage.batch.keep(request.output, totals.chunks, counts, parts / SCORED, parts / REJECTED)
                totals.add(counts)


async def _fetch(storage: "JobStorage", digest: str, folder: Path) -> None:
    """The package as it lies there: whether it is the one of this digest is checked by who loads it."""
    try:
        write_files(folder, await fetch_files(lambda name: storage.packages.read(digest, name)))
    except NotAPackage as problem:
        raise Refused(str(problem)) from problem
