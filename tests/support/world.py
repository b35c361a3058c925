"""The whole control plane in memory: every service, the real reactor, lanes, folds, reminders and sweeper.

Every service has a lane of its own, and every message of hubs `events`, `decisions` and `inbound` a partition of its
own, so that any order of delivery is a legal one; row streams have one partition. Port calls go through `Faulty`: a
test may take a port down, or kill the app between any two calls, whereupon another instance takes over.
"""

from collections.abc import Awaitable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services import deciding, intake
from shared import ports
from shared.adapters import memory
from shared.adapters.signing.commands import Ed25519CommandVerifier
from shared.adapters.signing.links import Ed25519LinkSigner, Ed25519LinkVerifier
from shared.adapters.table import adapters_in, built
from shared.events import EndpointRef, Envelope, JobRef, decode, encode
from shared.policies import EndpointPolicy, PolicyDocument
from shared.ports import Extent, Hub, JobRequest, JobState, Manifest, Message, Place, Unavailable
from shared.reactor import Lane, Runtime, Service
from tests.support.builders import INVENTORY, NOW, endpoint_ref, urlsafe
from tests.support.faulty import Crash, Faults, Faulty

SERVICES = deciding()
ENDPOINT = endpoint_ref()
STORAGE = "sluice"
PERSONAS = ("data-scientist", "project-lead")
_LIMITS: dict[str, Any] = {
    "staging": {"timeout_s": 120, "look_every_s": 20},
    "approvals": {"remind_after_s": 300},
    "people": {"expires_after_s": 900, "personas": PERSONAS},
    "promotion": {
        "complete_within_s": 60, "look_every_s": 2, "silent_s": 6, "error_rate_rise": 0.1, "slow_rate_rise": 0.1,
        "steps": (
            {"share": 20, "duration_s": 4, "least_requests": 50, "wait_s": 40},
            {"share": 100, "duration_s": 2, "least_requests": 0, "wait_s": 40},
        ),
    },
    "rollback": {"complete_within_s": 60, "look_every_s": 2, "silent_s": 6},
    "monitoring": {
        "window_s": 3600, "grace_s": 0, "idle_s": 90, "min_rows": 5, "min_reference_rows": 1, "min_labels": 5,
        "labels_after_s": 30,
    },
    "retraining": {"cool_down_s": 200, "timeout_s": 300, "look_every_s": 30},
    "batch": {"timeout_s": 300, "look_every_s": 30, "attempts": 2},
    "notifications": {"audiences": dict.fromkeys(("mlops.promotion.completed", "mlops.staging.failed"), PERSONAS)},
}  # fmt: skip
POLICY = PolicyDocument(
    inventory=INVENTORY,
    endpoints={"flights": EndpointPolicy(model="flights", limits=_LIMITS)},
)
_KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
_LEASE = timedelta(seconds=31)


@dataclass(frozen=True, eq=False)
class Delivery:
    """A message on its way to one reader. `kind` is the type of the event in it."""

    reader: str
    message: Message
    kind: str


class Hubs:
    """`log` holds everything that was sent to a hub, `waiting` what its readers have not handled yet."""

    def __init__(self, services: Mapping[str, Service]) -> None:
        self._services = services
        self.log: list[tuple[Hub, Envelope[Any]]] = []
        self.waiting: list[Delivery] = []
        self.rows: list[Message] = []
        self._sent = 0

    async def publish(self, hub: Hub, envelopes: Sequence[Envelope[Any]]) -> None:
        for envelope in envelopes:
            body = encode(envelope)
            self.log.append((hub, decode(body)))
            if hub == "predictions":
                self.rows.append(Message(hub, 0, len(self.rows), body))
                continue
            for reader in self._readers(hub, envelope):
                self.put(hub, body, reader, envelope.data.type)

    def put(self, hub: Hub, body: bytes, reader: str, kind: str) -> None:
        self._sent += 1
        self.waiting.append(Delivery(reader, Message(hub, self._sent, 0, body), kind))

    def _readers(self, hub: Hub, envelope: Envelope[Any]) -> list[str]:
        """Those whom it concerns: what others do with it, nothing, needs no steps."""
        return [name for name, service in self._services.items() if service.concerned(envelope.data)]

    async def read(self, hub: Hub, partition: int, first: int, last: int, group: str = "") -> Sequence[Message]:
        return [row for row in self.rows if first <= row.sequence <= last] if hub == "predictions" else []

    async def held(self, hub: Hub, partition: int) -> range:
        return range(len(self.rows)) if hub == "predictions" else range(0)

    async def epoch(self, hub: Hub) -> str:
        return NOW.isoformat()

    async def extent(self, hub: Hub) -> Extent:
        return Extent(NOW.isoformat(), {0: await self.held(hub, 0)})

    def events[E](self, event_type: type[E]) -> list[E]:
        """All of this type on hub `events`, repeats included."""
        return [sent.data for hub, sent in self.log if hub == "events" and isinstance(sent.data, event_type)]


class RecordingManifests(memory.MemoryServingManifests):
    """`history` holds every manifest that was ever current, oldest first."""

    def __init__(self) -> None:
        super().__init__()
        self.history: list[Manifest] = []

    async def swap(self, manifest: Manifest) -> None:
        before = await self.read(manifest.endpoint)
        await super().swap(manifest)
        if await self.read(manifest.endpoint) is not before:
            self.history.append(manifest)


class RecordingJobs(memory.MemoryJobs):
    """`asked` holds every submission, repeats included."""

    def __init__(self) -> None:
        super().__init__(POLICY.workspace_ids)
        self.asked: list[JobRequest] = []

    async def submit(self, request: JobRequest) -> None:
        self.asked.append(request)
        await super().submit(request)

    def status(self, ref: JobRef) -> JobState:
        return self._states[ref]


class World:
    """Everything that survives a crash, and the app instance that runs now. `ports` holds an adapter for each port."""

    def __init__(self, services: Mapping[str, Service] = SERVICES, policy: PolicyDocument = POLICY) -> None:
        self.policy, self.services = policy, services
        self.faults, self.hubs, self.clock = Faults(), Hubs(services), memory.ManualClock(NOW)
        self.signer = Ed25519LinkSigner(urlsafe(_KEY.private_bytes_raw()), "https://sluice.example")
        self.verifier = Ed25519LinkVerifier(urlsafe(_KEY.public_key().public_bytes_raw()))
        self.ports = built(
            {**adapters_in("shared.adapters.memory"), ports.ServingManifests: RecordingManifests},
            {
                ports.Clock: self.clock,
                ports.CommandVerifier: Ed25519CommandVerifier(""),
                ports.EventPublisher: self.hubs,
                ports.Folds: memory.MemoryFolds(self.clock),
                ports.HubReader: self.hubs,
                ports.Jobs: RecordingJobs(),
                ports.Ledger: memory.MemoryLedger(self.clock),
                ports.LetterBook: memory.MemoryLetterBook(self.clock),
                ports.LinkSigner: self.signer,
                ports.Models: memory.MemoryModels(POLICY.workspace_ids),
            },
        )
        self.ledger: memory.MemoryLedger = self.ports[ports.Ledger]
        self.deadlines: memory.MemoryDeadlines = self.ports[ports.Deadlines]
        self.models: memory.MemoryModels = self.ports[ports.Models]
        self.packages: memory.MemoryModelPackages = self.ports[ports.ModelPackages]
        self.jobs: RecordingJobs = self.ports[ports.Jobs]
        self.manifests: RecordingManifests = self.ports[ports.ServingManifests]
        self.evidence: memory.MemoryEvidence = self.ports[ports.Evidence]
        self.letter_bodies: memory.MemoryLetterBodies = self.ports[ports.LetterBodies]
        self.captures: memory.MemoryCaptures = self.ports[ports.Captures]
        self.positions: memory.MemoryPositions = self.ports[ports.Positions]
        self.approvals: memory.MemoryApprovals = self.ports[ports.Approvals]
        self.notifier: memory.MemoryNotifier = self.ports[ports.Notifier]
        self.folds: memory.MemoryFolds = self.ports[ports.Folds]
        self.brakes: memory.MemoryBrakes = self.ports[ports.Brakes]
        self.files: memory.MemoryBatchFiles = self.ports[ports.BatchFiles]
        self.app = App(self)

    async def deliver(self, delivery: Delivery, *, again: bool = False) -> bool:
        """Whether it was handled; what was not is delivered again later, as Event Hubs would. `again`: doubled."""
        handled = await self.attempt(self.app.consume(delivery))
        if handled and not again:
            self.hubs.waiting.remove(delivery)
        return handled

    async def tick(self) -> None:
        """The timers: reminders, and the sweeper."""
        await self.attempt(self.app.runtime.remind())
        await self.attempt(self.app.runtime.reactor.resume(self.services))

    async def fold(self, behind: int = 3) -> None:
        """Rows that came in, the last `behind` of those folded before once more."""
        for name, service in self.services.items():
            if "predictions" in service.folds and self.hubs.rows:
                position = await self.folds.position(Place(name, "predictions", 0))
                done = position.sequence if position else -1
                batch = self.hubs.rows[max(0, done + 1 - behind) :]
                await self.attempt(self.app.runtime.folding.fold(service, "predictions", batch))

    async def attempt(self, work: Awaitable[object]) -> bool:
        """Whether the work was done. A killed app is replaced by another one, which waits the leases out."""
        app = self.app
        try:
            await work
        except BaseException as error:
            causes = list(_leaves(error))
            if any(isinstance(cause, Crash) for cause in causes):
                if app is self.app:
                    self._replace()
            elif not all(isinstance(cause, Unavailable) for cause in causes):
                raise
            return False
        return True

    def _replace(self) -> None:
        self.faults.instance += 1
        self.faults.crash_in = None
        self.clock.advance(_LEASE)
        self.app = App(self)

    async def manifest(self, endpoint: EndpointRef = ENDPOINT) -> Manifest:
        return await self.manifests.read(endpoint)


class App:
    """One instance of the control app; its own memory dies with it."""

    def __init__(self, world: World) -> None:
        self._services, free = world.services, (ports.Clock, ports.CommandVerifier, ports.LinkSigner, ports.HubReader)
        guarded = {port: each if port in free else Faulty(each, world.faults) for port, each in world.ports.items()}
        owner = f"instance-{world.faults.instance}"
        self.runtime = Runtime(guarded, world.services, world.policy, owner=owner, build="a build")

        def translate(body: bytes) -> tuple[Sequence[Envelope[Any]], str]:
            return intake.read(body, world.policy, world.clock.now(), STORAGE)

        self.translating = self.runtime.translating(translate)

    async def consume(self, delivery: Delivery) -> None:
        if delivery.reader == "intake":
            await self.translating.consume([delivery.message])
            return
        service = self._services[delivery.reader]
        alone = Lane(service.name, cast(Hub, delivery.message.hub), {service.name: service})
        await self.runtime.lanes.consume(alone, [delivery.message])


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error
