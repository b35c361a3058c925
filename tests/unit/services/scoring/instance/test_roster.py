"""Endpoints join a running process, and share what it has; what one of them lacks holds nobody else up."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from pydantic_core import to_json

from services.scoring import Instance, Making, ScoringPorts, instance_of_all
from services.scoring.answering.batching import EndOfTurn
from services.scoring.capture.buffer import CaptureBuffer
from services.scoring.instance.background import Background, Pace
from services.scoring.model.warmth import Keeping
from shared.adapters.memory import MemoryServingManifests
from shared.adapters.onnx import OnnxRuntime
from shared.events import EndpointRef, ServingReported
from shared.ports import Manifest, Route, Unavailable
from tests.support.eventually import aeventually
from tests.support.onnx_models import ENDPOINT, package_files, package_ref, sample_rows, tensors
from tests.support.scoring import Bench
from tests.unit.services.scoring.sending import heard

TRAINS = ENDPOINT.model_copy(update={"name": "Trains"})


class Moody(MemoryServingManifests):
    """Lists, or reads one manifest, only when told to."""

    away = False
    broken: str = ""
    looks = 0

    async def served(self, workspace: str) -> tuple[EndpointRef, ...]:
        self.looks += 1
        if self.away:
            raise Unavailable("away")
        return await super().served(workspace)

    async def read(self, endpoint: EndpointRef) -> Manifest:
        if endpoint.name.lower() == self.broken:
            raise ValueError("no manifest at all")
        return await super().read(endpoint)


class Process:
    """`opened` counts how often connections were made."""

    def __init__(self) -> None:
        self.bench, self.manifests, self.opened = Bench(), Moody(), 0
        self.making = Making(
            capture=lambda: CaptureBuffer(self.bench.clock),
            open_ports=self._ports,
            keeping=Keeping(memory_bytes=100),
            name=lambda: "one",
            pace=Pace(follow_s=0.01, report_s=0.01, look_s=0.01),
            batching=EndOfTurn,
        )
        self.instance: Instance = instance_of_all(ENDPOINT.workspace, self.making)

    @asynccontextmanager
    async def _ports(self) -> AsyncIterator[ScoringPorts]:
        self.opened += 1
        yield ScoringPorts(
            self.manifests, self.bench.packages, self.bench.publisher, OnnxRuntime(threads=1), self.bench.clock
        )

    async def serve(self, endpoint: EndpointRef) -> None:
        files = package_files()
        package = package_ref(files, name=endpoint.name)
        await self.bench.packages.adopt(package.digest, files)
        routes = (Route(package=package),)
        await self.manifests.swap(Manifest(endpoint=endpoint, generation=1, routes=routes, changed_by="test"))

    async def answers(self, name: str) -> bool:
        found = await self.instance.scorer.infer(name, None, to_json(tensors(sample_rows(1))))
        return found.status == 200

    async def looked(self) -> None:
        """Two looks that began after now: the first may have been under way."""
        until = self.manifests.looks + 2

        async def has() -> bool:
            return self.manifests.looks >= until

        await aeventually(has, every_s=0.01)


@asynccontextmanager
async def running(process: Process) -> AsyncIterator[Process]:
    (roster,) = process.instance.backgrounds
    task = asyncio.create_task(roster.run())
    yield process
    roster.ask_to_stop()
    await task


async def test_whoever_is_served_joins_and_all_share_one_set_of_connections() -> None:
    made = Process()
    assert made.instance.scorer.ready().status == 503  # nobody has looked yet
    async with running(made) as process:
        await process.looked()
        assert process.instance.scorer.ready().status == 200  # there is nothing to wait for
        assert (await process.instance.scorer.infer("ships", None, b"")).status == 404
        for endpoint in (ENDPOINT, TRAINS):
            await process.serve(endpoint)
            await aeventually(partial(process.answers, endpoint.name), every_s=0.01)
    assert (process.opened, set(process.instance.scorers)) == (1, {ENDPOINT.name, "Trains"})
    assert process.instance.scorer.ready().status == 200
    assert {each.endpoint.name for each in heard(process.bench, ServingReported)} == {ENDPOINT.name, "Trains"}


async def test_a_store_that_is_away_ends_nobody_and_a_broken_manifest_is_looked_at_again() -> None:
    made = Process()
    await made.serve(TRAINS)
    made.manifests.broken = "trains"
    async with running(made) as process:
        await process.serve(ENDPOINT)
        await aeventually(lambda: process.answers(ENDPOINT.name), every_s=0.01)
        process.manifests.away = True
        await process.looked()
        assert await process.answers(ENDPOINT.name)
        assert list(process.instance.scorers) == [ENDPOINT.name]
        process.manifests.away, process.manifests.broken = False, ""
        await aeventually(lambda: process.answers("Trains"), every_s=0.01)


async def test_memory_and_the_time_for_captures_are_shared_by_those_that_are_there() -> None:
    process = Process()
    made: list[Background] = []
    growing = process.instance.backgrounds[0]._growing  # type: ignore[attr-defined]
    for endpoint, own in ((ENDPOINT, 100), (TRAINS, 50)):
        made.append(growing.add(endpoint, process._ports))
        for each in made:
            keeping, pace = each._keeping, each._pace
            assert keeping is not None
            assert keeping.own_bytes == own
            assert pace.own_capture_share == 0.1 * own / 100


async def test_whoever_comes_later_makes_a_ready_process_unready_no_more() -> None:
    process = Process()
    growing = process.instance.backgrounds[0]._growing  # type: ignore[attr-defined]
    growing.complete()
    assert process.instance.scorer.ready().status == 200
    growing.add(TRAINS, process._ports)  # its manifest has not been read yet
    assert process.instance.scorer.ready().status == 200
    early = Process()
    growing = early.instance.backgrounds[0]._growing  # type: ignore[attr-defined]
    growing.add(TRAINS, early._ports)
    growing.complete()
    assert early.instance.scorer.ready().status == 503
