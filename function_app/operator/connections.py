"""What a command reads: storage and hubs of the environment, or of a local system."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self

import typer

from shared.adapters.azure.storage.account import Storage, storage_clients
from shared.adapters.azure.storage.archive import BlobArchive
from shared.adapters.azure.storage.brakes import TableBrakes
from shared.adapters.azure.storage.evidence import BlobEvidence
from shared.adapters.azure.storage.folds import TableFolds
from shared.adapters.azure.storage.lane_book import TableLaneBook
from shared.adapters.azure.storage.ledger import TableLedger
from shared.adapters.azure.storage.letter_bodies import BlobLetterBodies
from shared.adapters.azure.storage.letter_book import TableLetterBook
from shared.adapters.azure.storage.policy_book import TablePolicyBook
from shared.adapters.azure.storage.positions import TablePositions
from shared.adapters.azure.storage.seals import BlobSeals
from shared.adapters.azure.storage.serving import BlobServingManifests
from shared.ports import (
    Archive,
    Brakes,
    Evidence,
    Folds,
    LaneBook,
    Ledger,
    LetterBodies,
    LetterBook,
    PolicyBook,
    Positions,
    ServingManifests,
)
from shared.ports.records.seals import Seals
from shared.settings.operator import NoSettings, OperatorSettings

RunDir = Annotated[
    Path | None,
    typer.Option(
        "--run-dir",
        envvar="SLUICE_LOCAL",
        help="Folder of a local system. Without it: SLUICE_STORAGE from the environment, else .local.",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Wide = Annotated[bool, typer.Option("--wide", help="Resource ids in full.")]
_REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Store:
    """All that lies in the storage account and that operators may read."""

    ledger: Ledger
    archive: Archive
    seals: Seals
    evidence: Evidence
    brakes: Brakes
    letters: LetterBook
    letter_bodies: LetterBodies
    policies: PolicyBook
    manifests: ServingManifests
    positions: Positions
    lanes: LaneBook
    folds: Folds

    @classmethod
    def of(cls, clients: Storage) -> Self:
        tables, blobs = clients.tables, clients.blobs
        evidence = BlobEvidence(blobs)
        return cls(
            TableLedger(tables, evidence),
            BlobArchive(blobs),
            BlobSeals(blobs),
            evidence,
            TableBrakes(tables),
            TableLetterBook(tables),
            BlobLetterBodies(blobs),
            TablePolicyBook(tables),
            BlobServingManifests(blobs),
            TablePositions(tables),
            TableLaneBook(tables),
            TableFolds(tables),
        )


def settings(run_dir: Path | None) -> OperatorSettings:
    """A named local system, the environment, or the local system found here. Raises `NoSettings`."""
    if run_dir is not None:
        return OperatorSettings.from_run_file(run_dir / "run.json")
    if os.environ.get("SLUICE_STORAGE"):
        return OperatorSettings.from_environment()
    for folder in (Path.cwd(), _REPOSITORY):
        if (path := folder / ".local/run.json").exists():
            return OperatorSettings.from_run_file(path)
    return OperatorSettings.from_environment()


@asynccontextmanager
async def storage_at(
    address: str, setting: str, service: Literal["blobs", "tables"] = "blobs"
) -> AsyncIterator[Storage]:
    """The account's clients, until the block ends. Raises `NoSettings` when the address makes no sense."""
    clients = storage_clients(address)
    try:
        # A client is made at its first use, and a wrong address found then.
        getattr(clients, service)
    except ValueError as error:
        raise NoSettings(f"{setting}: {error}") from error
    try:
        yield clients
    finally:
        await clients.close()


@asynccontextmanager
async def opened(run_dir: Path | None) -> AsyncIterator[Store]:
    """The store, until the block ends. Raises `NoSettings`."""
    try:
        clients = storage_clients(settings(run_dir).storage())
        store = Store.of(clients)
    except NoSettings:
        raise
    except ValueError as error:
        raise NoSettings(f"SLUICE_STORAGE: {error}") from error
    try:
        yield store
    finally:
        await clients.close()
