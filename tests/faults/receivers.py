"""What arrived, counted where it arrived: hub log, job list, manifests, outbox.

The ledger is asked about its own chains only, never about what was done.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.adapters.azure.event_hubs.reader import EventHubReader
from shared.adapters.azure.storage.evidence import BlobEvidence
from shared.adapters.azure.storage.ledger import TableLedger
from shared.events import Unreadable, from_cloud_event
from shared.ports import Hub, Message
from shared.ports.streams.hub_reader import READ_BYTES
from shared.reactor import is_intact
from shared.reactor.recording import link
from tests.faults.endpoints import Endpoint
from tests.faults.generations import Generations
from tests.faults.system import System
from tests.faults.workload import BLOCKS, ROWS

# Facts about one endpoint and its model, from registration to the rollback of its second version and the rejection of
# what was retrained.
FACTS = {
    "mlops.model.registered": 3,
    "mlops.staging.requested": 2,
    "mlops.staging.started": 2,
    "mlops.staging.passed": 2,
    "mlops.approval.requested": 2,
    "mlops.approval.granted": 2,
    "mlops.promotion.started": 2,
    "mlops.promotion.stepped": 1,
    "mlops.promotion.completed": 1,
    "mlops.promotion.aborted": 1,
    "mlops.rollback.requested": 1,
    "mlops.rollback.started": 1,
    "mlops.rollback.completed": 1,
    "mlops.window.folded": 2,
    "mlops.drift.measured": 2,
    "mlops.quality.measured": 2,
    "mlops.drift.confirmed": 1,
    "mlops.retraining.requested": 1,
    "mlops.retraining.started": 1,
    "mlops.retraining.completed": 1,
    "mlops.model.rejected": 1,
}
PARTS = "mlops.window.folded"
# As many as it takes; everything else, failed and superseded actions above all, must not be there.
ANY_NUMBER = {"mlops.deadline.reached", "mlops.job.ended", "mlops.policy.changed"}
NOTICES = {"project-lead": 2, "product-owner": 2, "data-scientist": 6, "platform-support": 1}
JOBS = {"staging": 2, "retraining": 1}
_NUMBER = re.compile(r"(?:model|endpoint)-(\d+)")

type Place = tuple[int, str]
"""An endpoint's number, and what of it was expected."""


@dataclass
class Tally:
    """What one receiver was to get, and what it got."""

    receiver: str
    expected: Mapping[Place, int]
    found: Mapping[Place, int]

    @property
    def lost(self) -> Counter[Place]:
        return Counter(self.expected) - Counter(self.found)

    @property
    def doubled(self) -> Counter[Place]:
        return Counter(self.found) - Counter(self.expected)

    def __str__(self) -> str:
        expected, lost, doubled = (sum(each.values()) for each in (self.expected, self.lost, self.doubled))
        return f"{self.receiver:24} expected {expected:5}   lost {lost}   doubled {doubled}"


def expected(endpoints: Iterable[Endpoint], each: Mapping[str, int]) -> dict[Place, int]:
    return {(endpoint.number, name): count for endpoint in endpoints for name, count in each.items()}


@dataclass
class HubLog:
    """What a hub took from this log's beginning on, by event id; `places` are partition and number of the first."""

    system: System
    hub: Hub
    places: dict[str, tuple[int, int]] = field(default_factory=dict)
    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    repeats: Counter[str] = field(default_factory=Counter)
    different: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._next = self.system.held(self.hub)

    async def read(self) -> None:
        """Read on from where the last `read` ended."""
        reader = EventHubReader(self.system.connections, {self.hub: "observers"})
        for partition, first in enumerate(self._next):
            is_more = True
            while is_more:
                messages = await reader.read(self.hub, partition, first, first + 100_000)
                for message in messages:
                    first = self._next[partition] = message.sequence + 1
                    self._add(json.loads(message.body), message)
                # What comes while this is read is the next round's: on a slow machine there is always something.
                is_more = sum(len(message.body) for message in messages) > READ_BYTES // 2

    def _add(self, frame: dict[str, Any], message: Message) -> None:
        self.places.setdefault(frame["id"], (message.partition, message.sequence))
        first = self.events.setdefault(frame["id"], frame)
        if first is frame:
            return
        self.repeats[frame["type"]] += 1
        if _content(first) != _content(frame):
            self.different.append(f"{frame['type']} {frame['id']}")

    def facts(self) -> Counter[Place]:
        """Different facts, by endpoint and type."""
        found: Counter[Place] = Counter()
        for frame in self.events.values():
            if frame["type"] not in ANY_NUMBER and frame["source"] != "/tests":
                found[_endpoint_of(frame), frame["type"]] += 1
        return found

    def rows(self) -> Counter[Place]:
        """Rows in all measured windows: what the folds have counted."""
        found: Counter[Place] = Counter()
        for frame in self.events.values():
            if frame["type"] == "mlops.drift.measured":
                found[_endpoint_of(frame), "rows"] += frame["data"]["rows"]
        return found


def _content(frame: Mapping[str, Any]) -> dict[str, Any]:
    """What must be the same whenever an event is repeated.

    Intake gives one id to the two Azure events that tell of one job's end, so of its facts only the data must agree.
    """
    left_out = {"time", "causationid", "correlationid"} if frame["source"] == "/sluice/intake" else set()
    return {name: value for name, value in frame.items() if name not in left_out}


def _endpoint_of(frame: Mapping[str, Any]) -> int:
    try:
        fact = from_cloud_event(frame).data
    except Unreadable:
        return -1
    named = fact.endpoint.name if hasattr(fact, "endpoint") else fact.entity.name
    return _number(named)


def _number(text: str) -> int:
    match = _NUMBER.search(text)
    return int(match[1]) if match else -1


def tally_jobs(system: System, endpoints: Iterable[Endpoint]) -> tuple[Tally, Tally, int]:
    """Jobs in Azure ML's list, runs of their commands, and how many further submissions found their job there."""
    jobs = [job for job in system.azure_ml.admin("GET", "/admin/jobs") if job["parent"] is None]
    listed = Counter((_number(job["tags"]["sluice-entity"]), job["tags"]["sluice-service"]) for job in jobs)
    owners = {job["name"]: _number(job["tags"]["sluice-entity"]) for job in jobs}
    ran = Counter((owners.get(name, -1), "staging") for name in system.runs.read_text().split())
    again = sum(job["submits"] for job in jobs) - len(jobs)
    wanted = list(endpoints)
    runs = Tally("staging suites run", expected(wanted, {"staging": JOBS["staging"]}), ran)
    return Tally("Azure ML's job list", expected(wanted, JOBS), listed), runs, again


def tally_notices(system: System, endpoints: Iterable[Endpoint]) -> Tally:
    notices = [json.loads(path.read_text()) for path in system.outbox.glob("*.json")]
    found = Counter((_number(f"{notice['title']} {notice['text']}"), notice["audience"]) for notice in notices)
    return Tally("outbox", expected(endpoints, NOTICES), found)


async def tally_generations(generations: Generations, endpoints: Iterable[Endpoint]) -> Tally:
    """Every swap makes one generation, so the last generation is the number of swaps."""
    wanted = list(endpoints)
    found = {(each.number, "swaps"): (await generations.read(each)).generation for each in wanted}
    swaps = {(each.number, "swaps"): len(each.course) for each in wanted}
    return Tally("manifest generations", swaps, found)


def tally_facts(log: HubLog, endpoints: Iterable[Endpoint]) -> Tally:
    """Of a window every partition tells its part, so that several partitions may tell of it more often."""
    found = log.facts()
    if log.system.partitions > 1:
        for place in [place for place in found if place[1] == PARTS]:
            found[place] = min(found[place], FACTS[PARTS])
    return Tally("facts in hub events", expected(endpoints, FACTS), found)


def tally_rows(log: HubLog, endpoints: Iterable[Endpoint]) -> Tally:
    return Tally("rows folded", expected(endpoints, {"rows": 2 * BLOCKS * ROWS}), log.rows())


def ledger_of(system: System) -> TableLedger:
    return TableLedger(system.storage.tables, BlobEvidence(system.storage.blobs))


async def unfinished(system: System) -> list[str]:
    """Decisions that are not settled, and events that wait."""
    found = []
    async for service, entity, head in ledger_of(system).chains():
        if head.waiting:
            found.append(f"{service} {entity.name}: {head.waiting} waiting")
        async for progress in ledger_of(system).entries(service, entity):
            if not progress.settled:
                found.append(f"{service} {entity.name}: {progress.entry.event_id} is not settled")
    return found


async def out_of_order(system: System, log: HubLog) -> list[str]:
    """Decisions of one service about events of one subject, taken in another order than the hub took these."""
    wrong = []
    async for service, entity, _ in ledger_of(system).chains():
        latest: dict[str, int] = {}
        async for progress in ledger_of(system).entries(service, entity):
            subject, place = progress.entry.event["subject"], log.places.get(progress.entry.event_id)
            if place and place[1] < latest.get(subject, 0):
                wrong.append(f"{service} {entity.name}: {progress.entry.event['type']} came late")
            latest[subject] = max(latest.get(subject, 0), place[1] if place else 0)
    return wrong


async def broken_chains(system: System) -> tuple[list[str], int]:
    """What is wrong with the ledger's hash chains, and how many decisions they hold."""
    wrong: list[str] = []
    decisions = 0
    previous: dict[str, str] = defaultdict(str)
    async for service, entity, head in ledger_of(system).chains():
        chain, position = f"{service} {entity.name}", 0
        async for progress in ledger_of(system).entries(service, entity):
            entry = progress.entry
            if not is_intact(entry) or (entry.position, entry.previous) != (position, previous[chain]):
                wrong.append(f"{chain}: entry {position}")
            previous[chain] = link(entry, progress.marks) if progress.settled else entry.hash
            position += 1
        if (head.length, head.hash) != (position, previous[chain]):
            wrong.append(f"{chain}: head")
        decisions += position
    return wrong, decisions
