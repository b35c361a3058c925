"""The patient of a local system, or of the environment: which adapter answers for which port."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError
from pydantic_settings import SettingsError

from function_app.operator.connections import settings, storage_at
from function_app.operator.doctor.app_settings import read_file, read_functions
from function_app.operator.doctor.expected import LOCK, functions, streams
from function_app.operator.doctor.patient import AppSettings, Patient
from function_app.operator.letters.reading import Letter, all_letters
from shared.adapters.app_survey import HttpAppSurvey
from shared.adapters.azure.another_identity import identity_in
from shared.adapters.azure.event_hubs.opening import has_key
from shared.adapters.azure.event_hubs.reader import EventHubReader
from shared.adapters.azure.event_hubs.survey import EventHubSurvey
from shared.adapters.azure.storage.account import Storage
from shared.adapters.azure.storage.evidence import BlobEvidence
from shared.adapters.azure.storage.folds import TableFolds
from shared.adapters.azure.storage.heartbeats import TableHeartbeats
from shared.adapters.azure.storage.host_checkpoints import BlobHostCheckpoints
from shared.adapters.azure.storage.lane_book import TableLaneBook
from shared.adapters.azure.storage.ledger import TableLedger
from shared.adapters.azure.storage.policy_book import TablePolicyBook
from shared.adapters.azure.storage.positions import TablePositions
from shared.adapters.azure.storage.seals import BlobSeals
from shared.adapters.azure.storage.store_survey import AzureStoreSurvey
from shared.adapters.build import build_digest
from shared.adapters.clock import SystemClock
from shared.ports import Hub
from shared.settings.control import ControlSettings
from shared.settings.inspecting import read_from
from shared.settings.operator import OperatorSettings


@dataclass(frozen=True, slots=True)
class Given:
    """What the command line names beside the settings: app to a file with its settings, or the list of its functions, a
    policy document."""

    run_dir: Path | None = None
    app_settings: Mapping[str, Path] = field(default_factory=dict)
    app_functions: Mapping[str, Path] = field(default_factory=dict)
    policy_file: Path | None = None
    timeout_s: float = 30


@asynccontextmanager
async def patient_at(given: Given) -> AsyncIterator[Patient]:
    """Until the block ends. Raises `NoSettings`."""
    found = settings(given.run_dir)
    async with AsyncExitStack() as opened:
        store = await opened.enter_async_context(storage_at(found.storage(), "SLUICE_STORAGE"))
        mending = await opened.enter_async_context(storage_at(found.mending_address(), "MENDING_STORAGE", "tables"))
        address = found.host_address()
        host = await opened.enter_async_context(storage_at(address, "HOST_STORAGE")) if address else None
        yield _patient(given, found, store, mending, host)


def _patient(given: Given, found: OperatorSettings, store: Storage, mending: Storage, host: Storage | None) -> Patient:
    hubs, evidence = found.hubs(), BlobEvidence(store.blobs)
    apps = _apps(given, found)
    commands = found.commands_to() if found.commands else ""

    def survey(connections: Mapping[Hub, str]) -> EventHubSurvey:
        return EventHubSurvey(connections, given.timeout_s)

    def as_app(app: AppSettings, hub: Hub, address: str) -> EventHubSurvey | None:
        identity = identity_in(app.values)
        is_ours_to_try = has_key(address) or identity is not None
        return EventHubSurvey({hub: address}, given.timeout_s, identity) if is_ours_to_try else None

    async def letters() -> Sequence[Letter]:
        return (await all_letters(given.run_dir, given.timeout_s))[0]

    return Patient(
        clock=SystemClock(),
        settings=found,
        streams=streams(),
        readable=tuple(hubs),
        hubs=survey(hubs),
        commands=survey({"decisions": commands}),
        as_app=as_app,
        reader=EventHubReader(hubs, dict.fromkeys(hubs, found.observers), given.timeout_s),
        store=AzureStoreSurvey(store.tables, store.blobs),
        host=BlobHostCheckpoints(host.blobs, hubs) if host else None,
        ledger=TableLedger(store.tables, evidence),
        seals=BlobSeals(store.blobs),
        evidence=evidence,
        policies=TablePolicyBook(store.tables),
        positions=TablePositions(store.tables),
        folds=TableFolds(store.tables),
        positions_to_mend=TablePositions(mending.tables),
        folds_to_mend=TableFolds(mending.tables),
        lanes=TableLaneBook(store.tables),
        heartbeats=TableHeartbeats(store.tables),
        letters=letters,
        apps=apps,
        policy_file=given.policy_file or _deployed(apps),
        lock=LOCK,
        build=build_digest(),
        expected=functions(),
        survey=HttpAppSurvey(found.addresses(), found.master_keys(), given.timeout_s),
        asked={app: app in found.app_keys for app in found.addresses()},
        listed={app: read_functions(app, path) for app, path in given.app_functions.items()},
    )


def _apps(given: Given, found: OperatorSettings) -> dict[str, AppSettings]:
    files = {**found.app_settings, **given.app_settings}
    return {app: read_file(app, path) for app, path in files.items()}


def _deployed(apps: Mapping[str, AppSettings]) -> Path | None:
    """The file that control reads, where it is one of this machine."""
    if "control" not in apps:
        return None
    try:
        path = read_from(ControlSettings, apps["control"].values).policy_file
    except (ValidationError, SettingsError):
        return None
    return path if path.is_file() else None
