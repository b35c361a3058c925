"""A patient in memory in whom everything is well: a test makes one thing wrong, or replaces one port."""

import json
from dataclasses import dataclass, field, replace
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from function_app.operator.doctor.expected import streams
from function_app.operator.doctor.finding import Finding
from function_app.operator.doctor.patient import AppSettings, Patient
from function_app.operator.letters.reading import Letter
from shared.adapters.memory import (
    ManualClock,
    MemoryEventPublisher,
    MemoryEvidence,
    MemoryFolds,
    MemoryHubReader,
    MemoryLaneBook,
    MemoryLedger,
    MemoryPolicyBook,
    MemoryPositions,
)
from shared.adapters.memory.heartbeats import MemoryHeartbeats
from shared.adapters.memory.host_checkpoints import MemoryHostCheckpoints
from shared.adapters.memory.hub_survey import MemoryHubSurvey
from shared.adapters.memory.seals import MemorySeals
from shared.adapters.memory.store_survey import MemoryStoreSurvey
from shared.events import canonical
from shared.ports import Hub, HubShape, Message, PolicyOnRecord
from shared.settings.operator import HUBS, OperatorSettings
from tests.support.builders import INVENTORY, NOW, read_document, urlsafe

BUILD = "b" * 64
POLICY = "endpoints: {flights: {model: flights}}\n"
# When the hubs of memory were created, and another time.
EPOCH, BEFORE = MemoryEventPublisher().epoch, "2025-06-01T00:00:00+00:00"


@dataclass
class Parts:
    """All that a patient is made of; `letters` are what lies on hub dead-letter."""

    folder: Path
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOW))
    publisher: MemoryEventPublisher = field(default_factory=lambda: MemoryEventPublisher(partitions=2))
    hubs: MemoryHubSurvey = field(default_factory=MemoryHubSurvey)
    store: MemoryStoreSurvey = field(default_factory=MemoryStoreSurvey)
    host: MemoryHostCheckpoints = field(default_factory=MemoryHostCheckpoints)
    evidence: MemoryEvidence = field(default_factory=MemoryEvidence)
    policies: MemoryPolicyBook = field(default_factory=MemoryPolicyBook)
    positions: MemoryPositions = field(default_factory=MemoryPositions)
    folds: MemoryFolds = field(default_factory=MemoryFolds)
    lanes: MemoryLaneBook = field(default_factory=MemoryLaneBook)
    heartbeats: MemoryHeartbeats = field(default_factory=lambda: MemoryHeartbeats(NOW))
    letters: list[Letter] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ledger, self.seals = MemoryLedger(self.clock), MemorySeals(self.clock)
        self.store.time = self.hubs.time = NOW
        self.hubs.shapes = {hub: HubShape(stream.partitions, EPOCH) for hub, stream in streams().items()}
        self.hubs.groups = {hub: list(stream.groups) for hub, stream in streams().items()}

    def hold(self, hub: Hub, partition: int, count: int, since: datetime = NOW) -> None:
        """So many messages, from number 0 on."""
        self.publisher.messages[hub, partition] = [Message(hub, partition, at, b"{}", since) for at in range(count)]

    async def deploy(self, policy: str = POLICY) -> None:
        """Control has started with this policy, and its timer runs."""
        document = read_document(policy)
        digest = await self.evidence.keep(canonical(document.model_dump(mode="json")))
        await self.policies.put(PolicyOnRecord(digest, 1, NOW))
        await self.heartbeats.beat(NOW, BUILD)

    def patient(self, **other: Any) -> Patient:
        """`other` parts than these."""
        (self.folder / "policy.yaml").write_text(POLICY)
        (self.folder / "requirements.txt").write_text("pydantic==" + version("pydantic") + " \\\n    --hash=sha256:0\n")

        async def letters() -> list[Letter]:
            return self.letters

        whole = Patient(
            clock=self.clock, settings=settings(), streams=streams(), readable=HUBS, hubs=self.hubs,
            commands=self.hubs, as_app=lambda *_: self.hubs, reader=MemoryHubReader(self.publisher),
            store=self.store, host=self.host,
            ledger=self.ledger, seals=self.seals, evidence=self.evidence, policies=self.policies,
            positions=self.positions, folds=self.folds, positions_to_mend=self.positions, folds_to_mend=self.folds,
            lanes=self.lanes, heartbeats=self.heartbeats, letters=letters, apps=APPS,
            policy_file=self.folder / "policy.yaml", lock=self.folder / "requirements.txt", build=BUILD,
        )  # fmt: skip
        return replace(whole, **other)


def settings(**other: Any) -> OperatorSettings:
    """All that `sluice` can be given."""
    places = ("sluice_storage", "host_storage", "commands", *(OperatorSettings.setting(hub).lower() for hub in HUBS))
    key = {"operator_signing_key": urlsafe(b"k" * 32), "workspaces": INVENTORY}
    return OperatorSettings.model_validate({**dict.fromkeys(places, "somewhere"), **key, **other})


SCORING = AppSettings(
    {
        "SLUICE_STORAGE": "https://a.blob.core.windows.net",
        OperatorSettings.setting("predictions"): "ns.servicebus.windows.net/predictions",
        "SERVING_ENDPOINT": "flights",
        "WORKSPACES": "[" + INVENTORY[-1].model_dump_json() + "]",
    }
)


_KEY = urlsafe(b"k" * 32)
GATEWAY = AppSettings(
    {
        "SLUICE_STORAGE": "https://a.blob.core.windows.net",
        OperatorSettings.setting("decisions"): "ns.servicebus.windows.net/decisions",
        "APPROVAL_PUBLIC_KEY": _KEY,
        "FORM_KEY": _KEY,
        "PERSONA_GROUPS": '{"group": "operator"}',
    }
)
_SAMPLE = Path(__file__).parents[4] / "local.settings.sample.json"
# With a key for each hub.
CONTROL = AppSettings(
    json.loads(_SAMPLE.read_text())["Values"]
    | {
        OperatorSettings.setting(hub): f"Endpoint=sb://h;SharedAccessKeyName=n;SharedAccessKey=k;EntityPath={hub}"
        for hub in HUBS
    }
)
APPS = {"control": CONTROL, "gateway": GATEWAY, "scoring": SCORING}


def words(findings: Any) -> list[tuple[str, str]]:
    """Verdict and words of each."""
    found: list[Finding] = list(findings)
    assert all(finding.repair for finding in found if finding.verdict != "ok"), "who says what is wrong says what to do"
    return [(finding.verdict, finding.words) for finding in found]
