"""A rollback over the wire (N4): real scoring processes, a manifest in real storage, reports on a real hub.

What is in memory is control's own ledger; its reactor and the rollback service are those that run in Azure.
"""

import hashlib
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pyarrow.parquet
import pytest

from function_app.jobs.__main__ import run
from services import instances, rollback
from shared.adapters.azure.storage.account import Storage, storage_clients
from shared.adapters.azure.storage.model_packages import BlobModelPackages
from shared.adapters.azure.storage.serving import BlobServingManifests
from shared.events import (
    ApprovalGranted,
    Envelope,
    Event,
    PackageRef,
    RollbackCompleted,
    RollbackFailed,
    RollbackOrdered,
    ServingReported,
    canonical,
    derive_id,
    encode,
)
from shared.packages import StagingRequestBody
from shared.ports import Message, Route, ServingManifests
from tests.integration.scoring.conftest import MakeApp
from tests.support.eventhubs import EventHubsServer
from tests.support.eventually import aeventually
from tests.support.onnx_models import package_files, package_ref, parquet, sample_rows, tensors
from tests.support.scoring_app import Door, HubReader, ScoringApp
from tests.support.world import App, World


@pytest.fixture
def door() -> Door:
    return "server"


@pytest.fixture
async def storage(make_app: MakeApp) -> AsyncIterator[Storage]:
    found = storage_clients(make_app().address)
    yield found
    await found.close()


class Control(World):
    """Rollback alone, over the manifest in storage and the reports of `hub`."""

    def __init__(self, app: ScoringApp, storage: Storage, hub: HubReader) -> None:
        super().__init__({"rollback": rollback.service, "instances": instances.service})
        self._endpoint, self._hub = app.endpoint, hub
        self.ports[ServingManifests] = self.manifests = BlobServingManifests(storage.blobs)  # type: ignore[assignment]
        self.app = App(self)

    async def hear(self, event: Event, hub: Any) -> None:
        self.clock.set(datetime.now(UTC))
        identity = derive_id("test", event.type)
        await self.hubs.publish(hub, [Envelope.first(event, id=identity, source="/tests", time=self.clock.now())])

    async def until[E](self, *outcomes: type[E]) -> E:
        """Go on as the timers and triggers of the control app do, until one of these was published."""

        async def found() -> Any:
            self.clock.set(datetime.now(UTC))
            new = self._hub.envelopes[len(self.hubs.rows) :]
            first = len(self.hubs.rows)
            self.hubs.rows += [Message("predictions", 0, first + n, encode(each)) for n, each in enumerate(new)]
            await self.fold()
            await self.app.runtime.remind()
            for delivery in list(self.hubs.waiting):
                await self.deliver(delivery)
            return next((each for kind in outcomes for each in self.hubs.events(kind)), None)

        outcome: E = await aeventually(found)
        return outcome


async def adopt(storage: Storage, version: str, files: dict[str, bytes]) -> PackageRef:
    package = package_ref(files, version)
    await BlobModelPackages(storage.blobs).adopt(package.digest, files)
    return package


async def rehearsed(app: ScoringApp, storage: Storage, candidate: PackageRef, champion: PackageRef) -> str:
    """The digest of the report of the real staging job."""
    if not await storage.blobs.get_container_client("evidence").exists():
        await storage.blobs.create_container("evidence")
    for container in ("captures", "labels"):
        if not await storage.blobs.get_container_client(container).exists():
            await storage.blobs.create_container(container)
    request = StagingRequestBody(candidate=candidate, champion=champion, endpoint=app.endpoint)
    body = canonical(request.model_dump(mode="json"))
    digest = hashlib.sha256(body).hexdigest()
    evidence = storage.blobs.get_container_client("evidence")
    await evidence.upload_blob(f"{digest[:2]}/{digest}", body, overwrite=True)
    job = f"rehearsal-{app.endpoint.name}"
    await run("staging", digest, job, app.address)
    pointer: bytes = await (await evidence.download_blob(f"reports/{job}")).readall()
    return pointer.decode()


async def serve_second(app: ScoringApp, session: aiohttp.ClientSession, first: PackageRef, second: PackageRef) -> None:
    await app.serve(second, previous=Route(package=first))
    await app.serves(session, "2")


def order(app: ScoringApp) -> RollbackOrdered:
    return RollbackOrdered(endpoint=app.endpoint, operator="petra@example.com", reason="complaints")


async def test_every_live_instance_proves_what_staging_rehearsed(
    make_app: MakeApp, session: aiohttp.ClientSession, storage: Storage, predictions: EventHubsServer
) -> None:
    app = make_app()
    other = twin(make_app, app)
    hub = HubReader(predictions, app.endpoint)
    first, second = await app.adopt("1"), await app.adopt("2", weight=0.5)
    report = await rehearsed(app, storage, second, first)
    await app.serve(first)
    await app.start()
    await other.start()
    await app.serves(session, "1")
    await serve_second(app, session, first, second)
    await other.serves(session, "2")

    control = Control(app, storage, hub)
    control.evidence.bodies[report] = await evidence(storage, report)
    granted = ApprovalGranted(
        approval_id="a", endpoint=app.endpoint, candidate=second, evidence=report, approver="lea@example.com"
    )
    await control.hear(granted, "events")
    await hub.until(lambda: {2} == set(latest(hub).values()) and len(latest(hub)) == 2)
    await control.hear(order(app), "decisions")
    done = await control.until(RollbackCompleted, RollbackFailed)
    await hub.close()

    assert isinstance(done, RollbackCompleted), done
    assert (done.package, done.restored, done.generation, done.instances) == (second, first, 3, 2)
    assert {proof.instance for proof in done.proofs} == set(latest(hub))
    assert done.rehearsal is not None
    for proof in done.proofs:
        assert (proof.rows, proof.distance < 1e-6) == (50, True)
        assert proof.outputs == done.rehearsal.outputs
    assert (done.rehearsal.rows, done.rehearsal.distance < 1e-6, done.rehearsal.restore_s > 0) == (50, True, True)
    assert 0 < done.seconds < 60
    await app.serves(session, "1")
    print(f"restored in {done.seconds} s, rehearsed in {done.rehearsal.restore_s} s")


async def test_a_package_corrupted_meanwhile_is_not_served_and_the_instance_is_named(
    make_app: MakeApp, session: aiohttp.ClientSession, storage: Storage, predictions: EventHubsServer
) -> None:
    app = make_app()
    hub = HubReader(predictions, app.endpoint)
    first, second = await app.adopt_own("1"), await app.adopt("2", weight=0.5)
    await app.serve(second, previous=Route(package=first))
    await app.start()
    await app.serves(session, "2")
    altered = package_files(0.9)["model.onnx"]
    await storage.blobs.get_blob_client("models", f"{first.digest}/model.onnx").upload_blob(altered, overwrite=True)
    failed = await failure(app, storage, hub)
    assert f"{failed.behind[0]} cannot serve it: the package was altered" in failed.reason
    assert failed.restored == first
    status, _, headers = await app.ask(session, tensors(sample_rows(1)))
    assert (status, headers["sluice-model-version"]) == (200, "2")


async def test_golden_rows_that_come_out_differently_are_no_proof(
    make_app: MakeApp, session: aiohttp.ClientSession, storage: Storage, predictions: EventHubsServer
) -> None:
    """Near enough to be loaded, not near enough for what the policy calls the same."""
    app = make_app()
    hub = HubReader(predictions, app.endpoint)
    first = await adopt(storage, "1", {**package_files(), "golden.parquet": shifted(package_files()["golden.parquet"])})
    second = await app.adopt("2", weight=0.5)
    await app.serve(first)
    await app.start()
    await app.serves(session, "1")
    await serve_second(app, session, first, second)
    failed = await failure(app, storage, hub)
    assert "from what the package records, 0.0001 are allowed" in failed.reason
    assert len(failed.behind) == 1


async def failure(app: ScoringApp, storage: Storage, hub: HubReader) -> RollbackFailed:
    await hub.until(lambda: latest(hub))
    control = Control(app, storage, hub)
    await control.hear(order(app), "decisions")
    outcome = await control.until(RollbackCompleted, RollbackFailed)
    await hub.close()
    assert isinstance(outcome, RollbackFailed), outcome
    return outcome


def latest(hub: HubReader) -> dict[str, int]:
    """The generation that each instance reported last."""
    return {report.instance: report.generation for report in hub.of(ServingReported)}


def twin(make_app: Callable[..., ScoringApp], app: ScoringApp) -> ScoringApp:
    """Another instance of the same endpoint."""
    other: ScoringApp = make_app(SERVING_ENDPOINT=app.endpoint.name)
    other.endpoint = app.endpoint
    return other


def shifted(golden: bytes) -> bytes:
    rows = pyarrow.parquet.read_table(pyarrow.BufferReader(golden)).to_pylist()
    return parquet([{**row, "probability": row["probability"] * 1.0005} for row in rows])


async def evidence(storage: Storage, digest: str) -> bytes:
    found = await storage.blobs.get_blob_client("evidence", f"{digest[:2]}/{digest}").download_blob()
    body: bytes = await found.readall()
    return body
