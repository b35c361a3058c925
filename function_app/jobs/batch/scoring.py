"""The batch job: fetch, read, score and write, chunk by chunk, with the package that was asked for."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING

from function_app.jobs.batch.blobs import Counts
from services.scoring.files import ChunkScorer, NotScorable, RowFile, ScoredChunk, open_rows
from services.scoring.model.loading import PackageLoader
from shared.adapters.onnx import OnnxRuntime
from shared.events import canonical
from shared.packages import BatchReport, BatchRequestBody
from shared.ports import Absent, Moved, Refused

if TYPE_CHECKING:
    from function_app.jobs.storage import JobStorage


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
    for counts in await storage.batch.done(request.output):
        totals.add(counts)
    totals.before = totals.rows
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
    report = BatchReport(
        file=request.file, package=request.package, output=request.output, rows=totals.rows,
        rejected=totals.rejected_by.total(), rejected_by=dict(totals.rejected_by), scored_before=totals.before,
        seconds=round(perf_counter() - began, 3), problem=problem,
    )  # fmt: skip
    await storage.batch.conclude(request.output, canonical(report.model_dump(mode="json")))
    return report


async def _score(request: BatchRequestBody, storage: "JobStorage", totals: _Totals) -> None:
    version = await PackageLoader(storage.packages, OnnxRuntime()).load(request.package)
    with TemporaryDirectory(prefix="sluice-batch-") as folder:
        path = Path(folder) / "file"
        await storage.batch.fetch(request.file, path)
        file = await asyncio.to_thread(open_rows, path, request.file.name)
        scorer = ChunkScorer(version, file.schema, file.from_text)
        chunks = _scored(file, scorer, request.chunk_rows, totals.chunks)
        while (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
            totals.add(await storage.batch.keep(request.output, totals.chunks, chunk))


def _scored(file: RowFile, scorer: ChunkScorer, chunk_rows: int, first: int) -> Iterator[ScoredChunk]:
    for index, table in enumerate(file.chunks(chunk_rows, first), start=first):
        yield scorer.score(table, index * chunk_rows)
