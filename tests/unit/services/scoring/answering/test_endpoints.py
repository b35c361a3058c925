"""Several endpoints in one process, each by its own manifest."""

import json

import pytest

from services.scoring import Answer, Endpoints
from services.scoring.answering.metrics import metrics_page
from services.scoring.instance.following import ManifestFollower
from shared.events import PackageRef
from tests.support.onnx_models import ENDPOINT, package_files, package_ref, sample_rows, tensors
from tests.support.scoring import Bench, output, problem

ROW = json.dumps(tensors(sample_rows(1))).encode()


class Two:
    """Endpoint `flights` serves model flights, another one what it is told to."""

    def __init__(self) -> None:
        self.first, self.second = Bench(), Bench()
        self.both = Endpoints([self.first.scorer, self.second.scorer])
        self.second.follower = ManifestFollower(
            ENDPOINT, self.second.manifests, self.second.loader, self.second.scorer, self.second._failed,
            self.second.clock, is_taken=lambda name: self.both.is_taken(name, self.second.scorer),
        )  # fmt: skip

    async def serve(self, bench: Bench, name: str, weight: float) -> PackageRef:
        files = package_files(weight)
        package = package_ref(files, name=name)
        await bench.packages.adopt(package.digest, files)
        await bench.serve(package)
        await bench.follower.step()
        return package

    async def ask(self, name: str) -> Answer:
        return await self.both.infer(name, None, ROW)


@pytest.fixture
async def two() -> Two:
    found = Two()
    await found.serve(found.first, "flights", 1.0)
    return found


async def test_each_model_is_answered_by_its_own_endpoint(two: Two) -> None:
    assert (two.both.ready().status, (await two.ask("trains")).status) == (503, 503)  # its manifest was not read yet
    await two.serve(two.second, "trains", 0.5)
    assert two.both.ready().status == 200
    assert output(await two.ask("flights")) != output(await two.ask("trains"))
    assert [each.model("trains").status for each in (two.both, two.first.scorer)] == [200, 404]
    assert problem(await two.ask("ships")) == "model 'ships' is not served here; served: flights, trains"
    paths = json.loads(two.both.openapi().body)["paths"]
    assert {"/v2/models/flights/infer", "/v2/models/trains/infer"} <= paths.keys()


async def test_a_model_that_another_endpoint_serves_is_not_loaded_and_told(two: Two) -> None:
    await two.serve(two.second, "flights", 0.5)
    assert two.second.scorer.table.generation == 0
    assert two.second.failures[0].reason == "model flights is served by another endpoint of this process"


async def test_counts_and_generations_are_told_by_endpoint(two: Two) -> None:
    await two.serve(two.second, "trains", 0.5)
    await two.ask("trains")
    page = metrics_page({"a": two.first.scorer, "b": two.second.scorer}, [two.first.capture, two.second.capture])
    for line in (
        'sluice_generation{endpoint="b"} 1',
        'sluice_requests_total{model="trains",version="1"} 1',
        'sluice_requests_total{model="flights",version="1"} 0',
        "sluice_capture_waiting_rows 1",
    ):
        assert line in page.body.decode().splitlines()
