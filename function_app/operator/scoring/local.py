"""Scoring a file on this machine, with the package that the serving manifest names, fetched by its digest."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import pyarrow

from function_app.operator.connections import storage_at
from function_app.operator.running import Unknown
from services.scoring.files import (
    ChunkScorer,
    FileOptions,
    NotScorable,
    ReferredFiles,
    Results,
    TextFormat,
    open_rows,
    remove_drafts,
)
from services.scoring.model.loading import PackageLoader
from services.scoring.model.version import Version
from shared.adapters.azure.storage.model_packages import BlobModelPackages
from shared.adapters.azure.storage.serving import BlobServingManifests
from shared.adapters.onnx import OnnxRuntime
from shared.events import EndpointRef

type Tell = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """`seconds` are those of reading, scoring and writing, without fetching the package."""

    model: str
    version: str
    digest: str
    generation: int
    rows: int
    rejected: int
    rejected_by: dict[str, int]
    seconds: float

    @property
    def rows_per_second(self) -> float:
        return self.rows / self.seconds if self.seconds else 0.0


async def current_version(address: str, endpoint: EndpointRef, threads: int) -> tuple[int, Version]:
    """Generation and version that serve now. Raises `Unknown`, and what the ports raise."""
    async with storage_at(address, "SLUICE_STORAGE") as clients:
        manifest = await BlobServingManifests(clients.blobs).read(endpoint)
        if manifest.current is None:
            raise Unknown(f"endpoint {endpoint.name} serves nothing: there is no model to score with")
        loader = PackageLoader(BlobModelPackages(clients.blobs), OnnxRuntime(threads or None))
        return manifest.generation, await loader.load(manifest.current)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is scored to what, and how; `files_in` is the folder of the files that `path_columns`, or others, name."""

    source: Path
    target: Path
    chunk_rows: int
    force: bool
    options: FileOptions
    files_in: Path | None = None
    path_columns: tuple[str, ...] = ()

    def files(self) -> ReferredFiles | None:
        """Raises `NotScorable`."""
        if self.files_in is None:
            return None
        text = self.options.text or TextFormat()
        return ReferredFiles(self.files_in, self.path_columns, text.encoding)


def score_here(served: tuple[int, Version], asked: Asked, tell: Tell, removed: Callable[[list[Path]], None]) -> Outcome:
    """`tell` hears of rows done and of all rows, None where nobody knows; `removed` of drafts that were in the way.

    Raises `NotScorable`.
    """
    generation, version = served
    began = perf_counter()
    # In this process: it is the operator's own file on the operator's own machine. A chunk's bound in bytes suffices,
    # and a file that takes more ends nothing but this command. Strangers' files are read in a sandbox, by jobs.
    file = open_rows(asked.source, text=asked.options.text)
    scorer = ChunkScorer(version, file.schema, file.text, asked.options.prefix, asked.files())
    check_target(asked.target, scorer.schema, asked.force)
    removed(remove_drafts(asked.target))
    with Results(asked.target, scorer.schema) as results:
        tell(0, file.rows)
        for chunk in file.chunks(asked.chunk_rows):
            results.add(scorer.score(chunk, results.rows))
            tell(results.rows, file.rows)
        results.keep()
    return Outcome(
        version.name, version.number, version.package.digest, generation, results.rows, results.rejected,
        results.by_field, perf_counter() - began,
    )  # fmt: skip


def check_target(target: Path, schema: pyarrow.Schema, force: bool) -> None:
    """Raises `NotScorable` for a result that could not be written, before an hour's work."""
    if target.suffix.lower() not in (".parquet", ".csv"):
        raise NotScorable(f"{target}: the result is a .parquet or a .csv file")
    nested = [field.name for field in schema if pyarrow.types.is_nested(field.type)]
    if target.suffix.lower() == ".csv" and nested:
        raise NotScorable(f"column {nested[0]}: a list does not go into a .csv file; name a .parquet file")
    if not target.parent.is_dir() or not os.access(target.parent, os.W_OK):
        raise NotScorable(f"{target.parent}: a folder that may be written to is required")
    if target.exists() and not force:
        raise NotScorable(f"{target} exists; --force replaces it")
