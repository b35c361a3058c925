"""From Azure's event to the answer, over the whole control plane in memory: doubled, held, without job events."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.events import BatchCompleted, BatchFailed, BatchRequested, BatchStarted, JobEnded, JobRef
from shared.packages import BatchReport, BatchRequestBody
from shared.ports import BatchFile, Brake, JobRequest, Manifest, Route
from tests.support.builders import NOW, package_ref
from tests.support.world import ENDPOINT, World

PAYLOADS = Path(__file__).parents[3] / "payloads" / "storage"
NAME, ETAG = "flights/2013 May/1.parquet", "0x8D4BCC2E4835CD0"


@pytest.fixture
async def world() -> World:
    made = World()
    await made.manifests.swap(
        Manifest(endpoint=ENDPOINT, generation=1, routes=(Route(package=package_ref()),), changed_by="test")
    )
    made.files.files[NAME] = BatchFile(ETAG, 524288)
    return made


def tell(world: World, payload: str = "blob_created.event_grid.json") -> None:
    world.hubs.put("inbound", (PAYLOADS / payload).read_bytes(), "intake", "blob created")


async def settle(world: World) -> None:
    """Until nothing is on its way any more."""
    for _ in range(50):
        if not world.hubs.waiting:
            return
        for delivery in list(world.hubs.waiting):
            await world.deliver(delivery)
    pytest.fail(f"still on their way: {world.hubs.waiting}")


async def later(world: World, **span: float) -> None:
    world.clock.advance(timedelta(**span))
    await world.tick()
    await settle(world)


async def report(world: World, job: JobRef, **changes: Any) -> None:
    """What the job does: read its request, leave its report, end."""
    submitted = world.jobs.submitted[job]
    request = BatchRequestBody.model_validate_json(await world.evidence.read(submitted.work.command.split()[-1]))  # type: ignore[union-attr]
    body = BatchReport(file=request.file, package=request.package, output=request.output, rows=10, **changes)
    world.evidence.reports[job.name] = await world.evidence.keep(body.model_dump_json().encode())
    world.jobs.end(job, "completed")


def asked(world: World) -> list[JobRequest]:
    return [request for request in world.jobs.submitted.values() if request.experiment == "sluice-batch"]


async def test_a_blob_told_of_twice_in_both_schemas_is_scored_once(world: World) -> None:
    for payload in (
        "blob_created.event_grid.json",
        "blob_created_flushed.cloud_events.json",
        "blob_created.event_grid.json",
    ):
        tell(world, payload)
    tell(world, "blob_created_empty.cloud_events.json")
    await settle(world)
    (job,) = asked(world)
    assert {event.file.etag for event in world.hubs.events(BatchStarted)} == {ETAG}
    await report(world, job.ref)
    world.hubs.put("inbound", ended(job), "intake", "run completed")
    await settle(world)
    (completed,) = world.hubs.events(BatchCompleted)
    assert (completed.rows, completed.package, completed.output) == (10, package_ref(), f"flights/{job.ref.name}")
    tell(world)
    await settle(world)
    assert len(asked(world)) == 1


def ended(job: JobRequest) -> bytes:
    frame = {
        "specversion": "1.0", "id": "e1", "type": "Microsoft.MachineLearningServices.RunCompleted",
        "source": job.ref.workspace, "time": NOW.isoformat(), "subject": "x",
        "data": {"runId": job.ref.name, "runTags": dict(job.tags)},
    }  # fmt: skip
    return json.dumps([frame]).encode()


async def test_where_no_job_event_comes_the_reminder_finds_the_end(world: World) -> None:
    tell(world)
    await settle(world)
    (job,) = asked(world)
    await later(world, seconds=31)
    assert not world.hubs.events(BatchCompleted)
    await report(world, job.ref, rejected=2, rejected_by={"temp": 2})
    await later(world, seconds=31)
    (completed,) = world.hubs.events(BatchCompleted)
    assert completed.rejected_by == {"temp": 2}


async def test_a_broken_job_is_repeated_with_the_package_of_then_and_then_given_up(world: World) -> None:
    tell(world)
    await settle(world)
    (first,) = asked(world)
    present = await world.manifest()
    newer = package_ref("2", "b")
    await world.manifests.swap(present.model_copy(update={"generation": 2, "routes": (Route(package=newer),)}))
    world.jobs.end(first.ref, "failed")
    await later(world, seconds=31)
    _, second = asked(world)
    assert second.work == first.work
    assert [event.package for event in world.hubs.events(BatchStarted)] == [package_ref()] * 2
    world.jobs.end(second.ref, "failed")
    await later(world, seconds=31)
    (failed,) = world.hubs.events(BatchFailed)
    assert "attempt 2 of 2" in failed.reason


async def test_a_report_that_cannot_be_believed_is_a_failure(world: World) -> None:
    tell(world)
    await settle(world)
    (job,) = asked(world)
    world.evidence.reports[job.ref.name] = await world.evidence.keep(b'{"rows": "many"}')
    world.jobs.end(job.ref, "completed")
    await later(world, seconds=31)
    (failed,) = world.hubs.events(BatchFailed)
    assert failed.reason.startswith("the report is invalid: ")


def brake(engaged: bool) -> Brake:
    return Brake(str(ENDPOINT.entity), engaged, "olga", "latency", NOW + timedelta(seconds=not engaged))


async def test_paused_nothing_is_scored(world: World) -> None:
    await world.brakes.set(brake(engaged=True))
    tell(world)
    await settle(world)
    assert asked(world) == []
    assert world.hubs.events(BatchRequested)
    assert not world.hubs.events(BatchStarted)


async def test_paused_in_between_a_broken_job_is_not_repeated_until_it_goes_on(world: World) -> None:
    tell(world)
    await settle(world)
    (job,) = asked(world)
    await world.brakes.set(brake(engaged=True))
    world.jobs.end(job.ref, "failed")
    await later(world, seconds=31)
    assert len(asked(world)) == 1
    await world.brakes.set(brake(engaged=False))
    await later(world, seconds=61)
    assert len(asked(world)) == 2


async def test_somebody_elses_job_that_claims_to_be_ours_changes_nothing(world: World) -> None:
    tell(world)
    await settle(world)
    (job,) = asked(world)
    other = JobEnded(job=JobRef(workspace=job.ref.workspace, name="other"), status="failed", tags=dict(job.tags))
    forged = json.loads(ended(job))
    forged[0]["data"]["runId"] = other.job.name
    world.hubs.put("inbound", json.dumps(forged).encode(), "intake", "run completed")
    await settle(world)
    assert not world.hubs.events(BatchFailed)
