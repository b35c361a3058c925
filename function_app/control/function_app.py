"""The control app's doors and its wiring: event streams and timers, no HTTP. Its identity may do the most."""

import os
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, List  # noqa: UP035 - the worker rejects list[...] in a trigger's annotation

import azure.functions as func

from services import deciding, intake
from services.monitoring.folding import References
from shared import ports
from shared.adapters.azure.event_hubs.publisher import EventHubPublisher
from shared.adapters.azure.event_hubs.reader import EventHubReader
from shared.adapters.azure.machine_learning.jobs import AzureMLJobs
from shared.adapters.azure.machine_learning.models import AzureMLModels
from shared.adapters.azure.machine_learning.workspaces import AzureMLWorkspaces
from shared.adapters.azure.storage.account import storage_clients
from shared.adapters.azure.storage.approvals import TableApprovals
from shared.adapters.azure.storage.batch_files import BlobBatchFiles
from shared.adapters.azure.storage.brakes import TableBrakes
from shared.adapters.azure.storage.captures import BlobCaptures
from shared.adapters.azure.storage.deadlines import TableDeadlines
from shared.adapters.azure.storage.evidence import BlobEvidence
from shared.adapters.azure.storage.folds import TableFolds
from shared.adapters.azure.storage.lane_book import TableLaneBook
from shared.adapters.azure.storage.ledger import TableLedger
from shared.adapters.azure.storage.letter_book import TableLetterBook
from shared.adapters.azure.storage.model_packages import BlobModelPackages
from shared.adapters.azure.storage.policy_book import TablePolicyBook
from shared.adapters.azure.storage.positions import TablePositions
from shared.adapters.azure.storage.seals import BlobSeals
from shared.adapters.azure.storage.serving import BlobServingManifests
from shared.adapters.build import build_digest
from shared.adapters.clock import SystemClock
from shared.adapters.notify.notifiers import notifier
from shared.adapters.signing.commands import Ed25519CommandVerifier
from shared.adapters.signing.links import Ed25519LinkSigner
from shared.events import Envelope
from shared.policies import PolicyDocument
from shared.reactor import (
    Breaker,
    DeadLetters,
    Folding,
    Gaps,
    Lane,
    Lanes,
    Patience,
    PolicyRecord,
    Reactor,
    Reading,
    Service,
    Stalls,
    Translating,
    Wiring,
    check_modes,
    lanes_of,
    ring,
)
from shared.reactor.sealing import seal
from shared.settings.control import ControlSettings
from shared.settings.reading import read as read_settings

settings = read_settings(ControlSettings, "control")
policy = settings.policy()
clock = SystemClock()
storage = storage_clients(settings.sluice_storage.get_secret_value())
workspaces = AzureMLWorkspaces(policy.workspaces.values())
publisher = EventHubPublisher(settings.hubs())
evidence = BlobEvidence(storage.blobs)
ledger = TableLedger(storage.tables, evidence)
deadlines = TableDeadlines(storage.tables)
positions = TablePositions(storage.tables)
folds = TableFolds(storage.tables)
manifests = BlobServingManifests(storage.blobs)
seals = BlobSeals(storage.blobs)
letter_book = TableLetterBook(storage.tables)
brake_table = TableBrakes(storage.tables)
dead_letters = DeadLetters(publisher, evidence, clock, letter_book)
on_record = PolicyRecord(
    policy, evidence, TablePolicyBook(storage.tables), publisher, clock, settings.policy_changed_by
)
reader = EventHubReader(settings.hubs())
gaps = Gaps(reader, publisher, clock)
lane_book = TableLaneBook(storage.tables)
signer = Ed25519LinkSigner(settings.approval_signing_key.get_secret_value(), settings.approval_base_url)
datastores = {name: storage.container(place) for name, place in settings.model_datastores.items()}
provided: dict[type, Any] = {
    PolicyDocument: policy,
    DeadLetters: dead_letters,
    References: References(manifests, evidence),
    ports.Approvals: TableApprovals(storage.tables),
    ports.BatchFiles: BlobBatchFiles(storage.blobs),
    ports.Brakes: brake_table,
    ports.Captures: BlobCaptures(storage.blobs),
    ports.Clock: clock,
    ports.CommandVerifier: Ed25519CommandVerifier(settings.operator_public_key),
    ports.Deadlines: deadlines,
    ports.EventPublisher: publisher,
    ports.Evidence: evidence,
    ports.Folds: folds,
    ports.Jobs: AzureMLJobs(workspaces),
    ports.LaneBook: lane_book,
    ports.Ledger: ledger,
    ports.LetterBook: letter_book,
    ports.LinkSigner: signer,
    ports.ModelPackages: BlobModelPackages(storage.blobs, datastores),
    ports.Models: AzureMLModels(workspaces),
    ports.Notifier: notifier(settings.notify_outbox, settings.notify_webhooks, settings.webhooks_may_be_private),
    ports.ServingManifests: manifests,
}
wiring = Wiring(provided)
services = deciding("control")
wiring.check(services.values())
check_modes(policy, services)

owner = f"{socket.gethostname()}-{os.getpid()}-{os.urandom(4).hex()}"
patience = Patience.of(settings.lease_s, settings.patience_s, settings.longest_pause_s)
reactor = Reactor(wiring, ledger, publisher, clock, policy, owner, patience, brake_table)
reading, stalls = Reading(positions, reader, publisher, clock), Stalls(publisher, clock)
breaker = Breaker(lane_book, publisher, clock, build_digest())
lanes = Lanes(reactor, reading, dead_letters, lane_book, clock, breaker, stalls)
folding = Folding(wiring, folds, publisher, gaps)


def facts_in(body: bytes) -> tuple[Sequence[Envelope[Any]], str]:
    return intake.read(body, policy, clock.now(), storage.account)


translating = Translating("intake", "inbound", facts_in, publisher, reading, dead_letters, stalls)

type Trigger = Callable[[List[func.EventHubEvent]], Awaitable[None]]  # noqa: UP006

app = func.FunctionApp()


def messages(hub: ports.Hub, batch: Sequence[func.EventHubEvent]) -> list[ports.Message]:
    """A batch is always of one partition, which its common metadata name."""
    common: Any = batch[0].metadata
    partition = int(common["PartitionContext"]["PartitionId"])
    return [
        ports.Message(hub, partition, event.sequence_number or 0, event.get_body(), event.enqueued_time)
        for event in batch
    ]


def reads(name: str, hub: ports.Hub, group: str) -> Callable[[Trigger], Trigger]:
    """An Event Hubs function that tries again without end: raising would lose the batch, for the checkpoint moves."""

    def decorate(function: Trigger) -> Trigger:
        again = app.retry(
            strategy="exponential_backoff", max_retry_count="-1", minimum_interval="00:00:01",
            maximum_interval="00:01:00",
        )  # fmt: skip
        trigger = app.event_hub_message_trigger(
            arg_name="batch", event_hub_name=hub, connection=hub.upper().replace("-", "_"), consumer_group=group,
            cardinality=func.Cardinality.MANY, data_type=func.DataType.BINARY,
        )  # fmt: skip
        declared: Trigger = app.function_name(name)(trigger(again(function)))
        return declared

    return decorate


def read(lane: Lane) -> None:
    """Decide about every event of the lane's hub that concerns one of its services."""

    @reads(lane.name, lane.hub, lane.name)
    async def consume(batch: List[func.EventHubEvent]) -> None:  # noqa: UP006
        await on_record.keep()
        await lanes.consume(lane, messages(lane.hub, batch))


def fold(service: Service, hub: ports.Hub) -> None:
    """Fold every row of this hub into the service's state."""

    @reads(f"{service.name}_{hub}", hub, service.name)
    async def consume(batch: List[func.EventHubEvent]) -> None:  # noqa: UP006
        await folding.fold(service, hub, messages(hub, batch))


for each_lane in lanes_of(services).values():
    read(each_lane)
for each in services.values():
    for row_stream in each.folds:
        fold(each, row_stream)


@reads("intake", "inbound", "intake")
async def translate(batch: List[func.EventHubEvent]) -> None:  # noqa: UP006
    await translating.consume(messages("inbound", batch))


@app.function_name("deadlines")
@app.timer_trigger(arg_name="timer", schedule="%TICK%", use_monitor=False)
async def reach_deadlines(timer: func.TimerRequest) -> None:
    await ring(deadlines, publisher, clock)


@app.function_name("sweeper")
@app.timer_trigger(arg_name="timer", schedule="%TICK%", use_monitor=False)
async def resume_pending(timer: func.TimerRequest) -> None:
    await on_record.keep()
    await reactor.resume(services)


@app.function_name("seal")
@app.timer_trigger(arg_name="timer", schedule="0 * * * * *", use_monitor=False)
async def seal_ledger(timer: func.TimerRequest) -> None:
    await seal(ledger, publisher, seals, clock)
