"""A canary over three real scoring processes that follow one manifest and report over the wire (F11, R041)."""

import asyncio
import io
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pyarrow.parquet as pq
import pytest

from services import instances, promotion
from shared.adapters.azure.storage.account import storage_clients
from shared.adapters.azure.storage.serving import BlobServingManifests
from shared.events import (
    ApprovalGranted,
    CheckResult,
    Envelope,
    Event,
    PackageRef,
    PromotionAborted,
    PromotionCompleted,
    PromotionStepped,
    canonical,
    encode,
)
from shared.packages import StagingReport
from shared.packages.staging_suite import Rehearsal, SuiteLimits
from shared.policies import EndpointPolicy
from shared.ports import Message, Route, ServingManifests
from shared.profiles import Reference
from tests.support.azurite import Azurite
from tests.support.eventhubs import EventHubsServer
from tests.support.eventually import aeventually
from tests.support.onnx_models import package_files, sample_rows, tensors
from tests.support.scoring_app import HubReader, ScoringApp, make_containers
from tests.support.world import POLICY, App, World

_LIMITS = {
    "promotion": {
        "complete_within_s": 60, "look_every_s": 0.2, "silent_s": 5, "error_rate_rise": 0.15, "slow_rate_rise": 0.15,
        "latency_floor_ms": 500, "prediction_psi": 3,
        "steps": [
            {"share": 30, "duration_s": 2, "least_requests": 60, "wait_s": 90},
            {"share": 100, "duration_s": 1, "least_requests": 20, "wait_s": 90},
        ],
    }
}  # fmt: skip


@dataclass
class Fleet:
    """Instances of one endpoint, their callers, and control's promotion over what they report."""

    apps: list[ScoringApp]
    session: aiohttp.ClientSession
    reader: HubReader
    world: World
    answered: Counter[tuple[int, str]] = field(default_factory=Counter)
    fed: int = 0

    async def turn(self) -> None:
        """Control takes in what was reported, and does what is due."""
        for envelope in self.reader.envelopes[self.fed :]:
            rows = self.world.hubs.rows
            rows.append(Message("predictions", 0, len(rows), encode(envelope)))
        self.fed = len(self.reader.envelopes)
        self.world.clock.set(datetime.now(UTC))
        await self.world.fold()
        await self.world.tick()
        while self.world.hubs.waiting:
            await self.world.deliver(self.world.hubs.waiting[0])

    async def until(self, kind: type[Event], number: int = 1) -> Any:
        async def happened() -> bool:
            await self.turn()
            assert not self.world.hubs.events(PromotionAborted), self.world.hubs.events(PromotionAborted)
            return len(self.world.hubs.events(kind)) >= number

        await aeventually(happened)
        return self.world.hubs.events(kind)[-1]

    async def call(self) -> None:
        """Callers of all instances, without end; an instance that is gone is called again when it is there."""
        for number in count():
            app = self.apps[number % len(self.apps)]
            try:
                status, _, headers = await app.ask(self.session, tensors(sample_rows(5, seed=number)))
            except aiohttp.ClientError:
                continue
            self.answered[status, headers.get("sluice-model-version", "")] += 1

    async def grant(self, version: str, weight: float, champion: PackageRef | None) -> PackageRef:
        """A person approves what staging has seen and rehearsed."""
        app, evidence = self.apps[0], self.world.evidence
        package = await app.adopt(version, weight)
        cells = pq.read_table(io.BytesIO(package_files(weight)["reference.parquet"]))["prediction"].to_pylist()
        reference = Reference.build({}, {}, prediction=("probability", cells), labels=None, package=package.digest)
        report = StagingReport(
            verdict="passed", reason="all passed", candidate=package, champion=champion, endpoint=app.endpoint,
            limits=SuiteLimits(), checks=(CheckResult(name="golden", verdict="passed"),), rows=50,
            rehearsal=_rehearsal(champion) if champion else None,
        )  # fmt: skip
        granted = ApprovalGranted(
            approval_id=f"approval-{version}", endpoint=app.endpoint, candidate=package, approver="lea@example.com",
            evidence=await evidence.keep(report.model_dump_json().encode()),
            profile=await evidence.keep(canonical(reference.to_json())),
        )  # fmt: skip
        said = Envelope.first(granted, id=str(uuid4()), source="/tests", time=datetime.now(UTC))
        await self.world.hubs.publish("events", [said])
        return package


def _rehearsal(champion: PackageRef) -> Rehearsal:
    return Rehearsal(package=champion, rows=50, distance=0, outputs="0" * 64, restore_s=0.1)


@pytest.fixture
async def fleet(
    tmp_path: Path, azurite: Azurite, predictions: EventHubsServer, session: aiohttp.ClientSession
) -> AsyncIterator[Fleet]:
    await make_containers(azurite)
    name = f"flights-{uuid4().hex[:8]}"
    hub = predictions.connection_string("predictions")
    apps = [ScoringApp("server", tmp_path / str(number), azurite, hub, name) for number in range(3)]
    policy = POLICY.model_copy(update={"endpoints": {name: EndpointPolicy(model="flights", limits=_LIMITS)}})
    world, storage = (
        World({"promotion": promotion.service, "instances": instances.service}, policy),
        storage_clients(azurite.connection_string),
    )
    world.manifests = BlobServingManifests(storage.blobs)  # type: ignore[assignment]
    world.ports[ServingManifests] = world.manifests
    world.app = App(world)
    reader = HubReader(predictions, apps[0].endpoint)
    try:
        await asyncio.gather(*(app.start() for app in apps))
        yield Fleet(apps, session, reader, world)
    finally:
        await reader.close()
        await storage.close()
        for app in apps:
            if app.process is not None:
                app.stop()


@asynccontextmanager
async def called(fleet: Fleet) -> AsyncIterator[None]:
    callers = [asyncio.create_task(fleet.call()) for _ in range(3)]
    yield
    for caller in callers:
        caller.cancel()
    await asyncio.gather(*callers, return_exceptions=True)


async def test_three_instances_bring_a_version_live_in_steps_and_no_request_fails(fleet: Fleet) -> None:
    first = await fleet.grant("1", 1.0, None)
    async with called(fleet):
        await fleet.until(PromotionCompleted)
        await fleet.grant("2", 0.5, first)
        stepped = await fleet.until(PromotionStepped)
        shares = {version: number for (status, version), number in fleet.answered.items() if status == 200}
        done = await fleet.until(PromotionCompleted, 2)
    assert [finding.verdict for finding in stepped.findings] == ["go on"] * 3
    assert all(finding.of >= 60 for finding in stepped.findings)
    assert (done.instances, done.generation, done.package.model.version) == (3, 3, "2")
    assert 0 < shares["2"] < shares["1"]
    assert {status for status, version in fleet.answered if version} == {200}, fleet.answered


async def test_an_instance_that_is_killed_in_the_canary_is_counted_and_waited_for(fleet: Fleet) -> None:
    first = await fleet.grant("1", 1.0, None)
    async with called(fleet):
        await fleet.until(PromotionCompleted)
        second = await fleet.grant("2", 0.5, first)
        await fleet.turn()
        manifest = await fleet.world.manifest(fleet.apps[0].endpoint)
        assert manifest.routes == (
            Route(package=first, share=70, profile=manifest.routes[0].profile),
            Route(package=second, share=30, profile=manifest.routes[1].profile),
        )
        victim = fleet.apps[2]
        assert victim.process
        victim.process.kill()
        victim.process.wait()
        (victim.directory / "ready.json").unlink()
        await victim.start()
        done = await fleet.until(PromotionCompleted, 2)
    assert done.instances in (3, 4), "the killed one may still be within its silence"
    assert done.package == second
