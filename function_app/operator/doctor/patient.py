"""What checks look at: ports, so that they know no vendor, and what this installation carries with it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from function_app.operator.letters.reading import Letter
from shared.ports import (
    Clock,
    Evidence,
    Folds,
    Heartbeats,
    HostCheckpoints,
    Hub,
    HubReader,
    HubSurvey,
    LaneBook,
    Ledger,
    PolicyBook,
    Positions,
    Seals,
    StoreSurvey,
)
from shared.settings.operator import OperatorSettings


@dataclass(frozen=True, slots=True)
class Stream:
    """A hub as `infra/streams.json` has it."""

    partitions: int
    groups: Sequence[str]


@dataclass(frozen=True, slots=True)
class AppSettings:
    """`listed`: as Azure lists them, where a reference to a vault is shown as it was written, resolved or not."""

    values: Mapping[str, str] = field(repr=False)
    listed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """`hubs` and `reader` reach the hubs of `readable`; `commands` is hub decisions as commands are sent to it.

    `as_app` looks as an app does, by an address in its settings; None where only the app itself can. `host` is None
    where its account is not named; `positions_to_mend` and `folds_to_mend` may be written. `apps` are the settings that
    are known. `policy_file` is what the policy on record should be, None where that is not known; `lock` pins the
    packages of this installation, and `build` names its code.
    """

    clock: Clock
    settings: OperatorSettings
    streams: Mapping[Hub, Stream]
    readable: Sequence[Hub]
    hubs: HubSurvey
    commands: HubSurvey
    as_app: Callable[[AppSettings, Hub, str], HubSurvey | None]
    reader: HubReader
    store: StoreSurvey
    host: HostCheckpoints | None
    ledger: Ledger
    seals: Seals
    evidence: Evidence
    policies: PolicyBook
    positions: Positions
    folds: Folds
    positions_to_mend: Positions
    folds_to_mend: Folds
    lanes: LaneBook
    heartbeats: Heartbeats
    letters: Callable[[], Awaitable[Sequence[Letter]]]
    apps: Mapping[str, AppSettings]
    policy_file: Path | None
    lock: Path
    build: str
