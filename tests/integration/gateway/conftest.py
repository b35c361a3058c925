"""The real gateway over Azurite and the Event Hubs server, with approvals in its table."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from azure.data.tables import TableServiceClient
from azure.eventhub import EventHubConsumerClient
from azure.storage.blob import BlobServiceClient
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.adapters.azure.storage.account import Storage, storage_clients
from shared.adapters.azure.storage.approvals import TableApprovals
from shared.adapters.azure.storage.evidence import BlobEvidence
from shared.adapters.signing.links import Ed25519LinkSigner
from shared.approvals import Approval
from shared.events import ApprovalDecided, CheckResult, Envelope, decode
from shared.packages import StagingReport, SuiteLimits
from tests.integration.gateway.running_gateway import Browser, Gateway
from tests.support.azurite import Azurite
from tests.support.builders import digest, endpoint_ref, package_ref, urlsafe
from tests.support.eventhubs import AccessKey, EventHubsServer, HubSpec

PEOPLE = [
    {"id": "p-lea", "name": "Lea Novak", "email": "lea@example.com", "persona": "project-lead", "groups": ["g-lead"]},
    {"id": "p-dana", "name": "Dana Okafor", "email": "dana@example.com", "persona": "", "groups": ["g-ds"]},
    {"id": "p-omar", "name": "Omar Diallo", "email": "omar@example.com", "persona": "", "groups": ["g-owner"]},
    {"id": "p-ana", "name": "Ana Lindqvist", "email": "ana@example.com", "persona": "", "groups": ["g-ds"]},
    {"id": "p-uma", "name": "Uma Iyer", "email": "uma@example.com", "persona": "", "groups": ["g-user"]},
]
GROUPS = {"g-lead": "project-lead", "g-ds": "data-scientist", "g-user": "model-end-user", "g-owner": "product-owner"}
_KEYS = (
    AccessKey("gateway", "c2VuZA==", "decisions", ("Send",)),
    AccessKey("reader", "bGlzdGVu", "decisions", ("Listen",)),
)


@dataclass
class Setting:
    """What the tests arrange and look at."""

    storage: str
    hubs: EventHubsServer
    gateway: Gateway
    signing_key: str
    settings: dict[str, str] = field(repr=False)

    def signer(self) -> Ed25519LinkSigner:
        return Ed25519LinkSigner(self.signing_key, f"http://127.0.0.1:{self.gateway.port}")

    def link(self, approval: Approval) -> str:
        """Path and query of the link that control would send."""
        parts = urlsplit(self.signer().link(approval.id, approval.expires_at))
        return f"{parts.path}?{parts.query}"

    def address(self, approval: Approval) -> str:
        """The whole link."""
        return f"http://127.0.0.1:{self.gateway.port}{self.link(approval)}"

    def browser(self, email: str | None = None) -> Browser:
        browser = Browser(self.gateway)
        return browser.sign_in(email) if email else browser

    def open(self, **changes: Any) -> Approval:
        """A new approval with its evidence, as control would have opened it."""
        now = datetime.now(UTC)
        approval = Approval(
            id=str(uuid4()),
            scope=str(endpoint_ref().entity),
            endpoint=endpoint_ref(),
            candidate=package_ref("2"),
            evidence=self.keep(report()),
            title="May model flights:2 serve flights?",
            summary="Model flights:2 passed staging. All checks passed.",
            requested_by="dana@example.com",
            personas=("project-lead", "data-scientist"),
            opened_at=now,
            expires_at=now + timedelta(hours=1),
        ).model_copy(update=changes)
        return self.put(approval)

    def keep(self, body: bytes) -> str:
        """As evidence; its digest."""
        return self._within(lambda storage: BlobEvidence(storage.blobs).keep(body))

    def put(self, approval: Approval) -> Approval:
        self._within(lambda storage: TableApprovals(storage.tables).put(approval))
        return approval

    def _within[T](self, call: Callable[[Storage], Awaitable[T]]) -> T:
        async def run() -> T:
            storage = storage_clients(self.storage)
            try:
                return await call(storage)
            finally:
                await storage.close()

        return asyncio.run(run())

    def decisions(self, approval: Approval, count: int = 1) -> list[Envelope[ApprovalDecided]]:
        """The first `count` decisions about it that reached the hub; waits for them."""
        found: list[Envelope[ApprovalDecided]] = []

        def keep(context: object, event: Any) -> None:
            if event is not None:
                envelope = decode(event.body_as_str())
                if envelope.data.approval_id == approval.id:
                    found.append(envelope)
            if len(found) >= count:
                client.close()

        client = EventHubConsumerClient.from_connection_string(
            self.hubs.connection_string("decisions", "reader"), "$Default"
        )
        with client:
            client.receive(on_event=keep, starting_position="-1", max_wait_time=8)
        return found

    def sent(self) -> int:
        """How many messages hub `decisions` holds by now."""
        client = EventHubConsumerClient.from_connection_string(
            self.hubs.connection_string("decisions", "reader"), "$Default"
        )
        with client:
            return sum(
                client.get_partition_properties(partition)["last_enqueued_sequence_number"] + 1
                for partition in client.get_partition_ids()
            )


def report(character: str = "a") -> bytes:
    """Of candidate version 2 with this digest."""
    checks = (
        CheckResult(
            name="comparison_roc_auc", verdict="passed", measured=0.7312, limit=0.7012, detail="candidate, champion"
        ),
        CheckResult(
            name="latency_p95", verdict="failed", measured=180.25, limit=100.0, unit="ms", detail="<b>slow</b>"
        ),
    )
    body = StagingReport(
        verdict="inconclusive",
        reason="One check is for a person to judge.",
        candidate=package_ref("2", character),
        champion=package_ref("1", "c"),
        endpoint=endpoint_ref(),
        limits=SuiteLimits(),
        checks=checks,
        rows=12_345,
        profile=digest("f"),
    )
    return body.model_dump_json().encode()


@pytest.fixture(scope="session")
def gateway_settings(
    azurite: Azurite, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[dict[str, str], EventHubsServer, str]]:
    with TableServiceClient.from_connection_string(azurite.connection_string) as tables:
        tables.create_table_if_not_exists("approvals")
    with BlobServiceClient.from_connection_string(azurite.connection_string) as blobs:
        if not blobs.get_container_client("evidence").exists():
            blobs.create_container("evidence")
    key = Ed25519PrivateKey.generate()
    directory = tmp_path_factory.mktemp("gateway-hubs")
    with EventHubsServer(directory, [HubSpec("decisions", 1)], keys=_KEYS) as hubs:
        settings = {
            "AzureWebJobsStorage": azurite.connection_string,
            "FUNCTIONS_WORKER_RUNTIME": "python",
            "SLUICE_STORAGE": azurite.connection_string,
            "HUB_DECISIONS": hubs.connection_string("decisions", "gateway"),
            "APPROVAL_PUBLIC_KEY": urlsafe(key.public_key().public_bytes_raw()),
            "PERSONA_GROUPS": json.dumps(GROUPS),
        }
        yield settings, hubs, urlsafe(key.private_bytes_raw())


@pytest.fixture(scope="session")
def setting(
    gateway_settings: tuple[dict[str, str], EventHubsServer, str],
    azurite: Azurite,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Setting]:
    """One gateway for all tests: each opens an approval of its own."""
    settings, hubs, key = gateway_settings
    gateway = Gateway(tmp_path_factory.mktemp("gateway") / "host", settings, PEOPLE).start()
    yield Setting(azurite.connection_string, hubs, gateway, key, settings)
    gateway.stop()


@pytest.fixture
def other_gateway(tmp_path: Path) -> Iterator[Callable[..., Gateway]]:
    """A gateway with other settings, or without authentication; ended after the test."""
    started: list[Gateway] = []

    def make(settings: dict[str, str], people: list[dict[str, Any]] | None = None) -> Gateway:
        started.append(Gateway(tmp_path / f"other-{len(started)}", settings, people))
        return started[-1]

    yield make
    for gateway in started:
        gateway.stop()
