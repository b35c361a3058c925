"""The control app's doors and its wiring: event streams and timers, no HTTP. Its identity may do the most."""

import os
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, List  # noqa: UP035 - the worker rejects list[...] in a trigger's annotation

import azure.functions as func
from azure.data.tables.aio import TableServiceClient
from azure.storage.blob.aio import BlobServiceClient, ContainerClient

from services import deciding, intake
from shared import ports
from shared.adapters.azure.machine_learning.workspaces import AzureMLWorkspaces
from shared.adapters.azure.storage.account import storage_clients
from shared.adapters.build import build_digest
from shared.adapters.clock import SystemClock
from shared.adapters.notify.notifiers import notifier
from shared.adapters.signing.commands import Ed25519CommandVerifier
from shared.adapters.signing.links import Ed25519LinkSigner
from shared.adapters.table import adapters_in, built
from shared.events import Envelope
from shared.ports import Hub, Message
from shared.reactor import Lane, Patience, Runtime
from shared.settings.control import ControlSettings
from shared.settings.reading import read

settings = read(ControlSettings, "control")
services = deciding("control")
policy, clock = settings.policy(services), SystemClock()
storage = storage_clients(settings.sluice_storage.get_secret_value())
signing_key = settings.approval_signing_key.get_secret_value()
provided = built(
    adapters_in("shared.adapters.azure"),
    {
        TableServiceClient: storage.tables,
        BlobServiceClient: storage.blobs,
        Mapping[str, str | ContainerClient]: {
            name: storage.container(place) for name, place in settings.model_datastores.items()
        },
        Mapping[Hub, str]: settings.hubs(),
        AzureMLWorkspaces: AzureMLWorkspaces(policy.workspace_ids),
        ports.Clock: clock,
        ports.CommandVerifier: Ed25519CommandVerifier(settings.operator_public_key),
        ports.LinkSigner: Ed25519LinkSigner(signing_key, settings.approval_base_url),
        ports.Notifier: notifier(settings.notify_outbox, settings.notify_webhooks, settings.webhooks_may_be_private),
    },
)
runtime = Runtime(
    provided,
    services,
    policy,
    owner=f"{socket.gethostname()}-{os.getpid()}-{os.urandom(4).hex()}",
    build=build_digest(),
    patience=Patience.of(settings.lease_s, settings.patience_s, settings.longest_pause_s),
    changed_by=settings.policy_changed_by,
    stood=timedelta(seconds=settings.stood_s),
    deadline=timedelta(seconds=settings.deadline_s),
)


def facts_in(body: bytes) -> tuple[Sequence[Envelope[Any]], str]:
    return intake.read(body, policy, clock.now(), storage.account)


translating = runtime.translating(facts_in)

type Trigger = Callable[[List[func.EventHubEvent]], Awaitable[None]]  # noqa: UP006

app = func.FunctionApp()


def messages(hub: Hub, batch: Sequence[func.EventHubEvent]) -> list[Message]:
    """A batch is always of one partition, which its common metadata name."""
    common: Any = batch[0].metadata
    partition = int(common["PartitionContext"]["PartitionId"])
    return [
        Message(hub, partition, event.sequence_number or 0, event.get_body(), in_utc(event.enqueued_time))
        for event in batch
    ]


def in_utc(enqueued: datetime | None) -> datetime | None:
    """The worker gives the hub's time, which is in UTC, without saying so."""
    return enqueued.replace(tzinfo=UTC) if enqueued and enqueued.tzinfo is None else enqueued


def reads(name: str, hub: Hub, group: str) -> Callable[[Trigger], Trigger]:
    """An Event Hubs function. It raises where its position holds, and is tried three times more, which ends an outage
    of seconds. Then the host moves on, and what lies behind the position is read back. A message that the host cannot
    convert is tried as often, before any code of ours runs: so it may not be without end, and not for long.
    """

    def decorate(function: Trigger) -> Trigger:
        pause = settings.retry_pause_s
        again = app.retry(
            strategy="exponential_backoff", max_retry_count="3", minimum_interval=f"00:00:{pause:02d}",
            maximum_interval=f"00:00:{4 * pause:02d}",
        )  # fmt: skip
        trigger = app.event_hub_message_trigger(
            arg_name="batch", event_hub_name=hub, connection=hub.upper().replace("-", "_"), consumer_group=group,
            cardinality=func.Cardinality.MANY, data_type=func.DataType.BINARY,
        )  # fmt: skip
        declared: Trigger = app.function_name(name)(trigger(again(function)))
        return declared

    return decorate


def decide(lane: Lane) -> None:
    """Decide about every event of the lane's hub that concerns one of its services."""

    @reads(lane.name, lane.hub, lane.name)
    async def consume(batch: List[func.EventHubEvent]) -> None:  # noqa: UP006
        await runtime.on_record.keep()
        await runtime.lanes.consume(lane, messages(lane.hub, batch))


def fold(service: str, hub: Hub) -> None:
    """Fold every row of this hub into the service's state."""

    @reads(f"{service}_{hub}", hub, service)
    async def consume(batch: List[func.EventHubEvent]) -> None:  # noqa: UP006
        await runtime.folding.fold(runtime.services[service], hub, messages(hub, batch))


for each_lane in runtime.lanes_by_name.values():
    decide(each_lane)
for each in runtime.services.values():
    for row_stream in each.folds:
        fold(each.name, row_stream)


@reads("intake", "inbound", "intake")
async def translate(batch: List[func.EventHubEvent]) -> None:  # noqa: UP006
    await translating.consume(messages("inbound", batch))


@app.function_name("clock")
@app.timer_trigger(arg_name="timer", schedule="%TICK%", use_monitor=False)
async def tick(timer: func.TimerRequest) -> None:
    """All that goes by the clock in one function: each that a timer wakes is paid for by itself."""
    await runtime.tick()
