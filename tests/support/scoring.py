"""A scorer over memory adapters with a real model in it."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic_core import from_json, to_json

from services.scoring import Answer, Batching, EndOfTurn, Scorer
from services.scoring.answering.scorer import Limits
from services.scoring.capture.buffer import CaptureBuffer
from services.scoring.instance.following import LoadFailure, ManifestFollower
from services.scoring.model.loading import PackageLoader
from services.scoring.model.warmth import Keeping
from shared.adapters.memory import ManualClock, MemoryEventPublisher, MemoryModelPackages, MemoryServingManifests
from shared.adapters.onnx import OnnxRuntime
from shared.events import PackageRef
from shared.ports import Manifest, Route
from tests.support.onnx_models import ENDPOINT, SIGNATURE, package_files, package_ref, parquet, wide_model


@dataclass
class Bench:
    """Everything a scoring instance is made of; `serve` changes the manifest, `follower.step` follows it."""

    limits: Limits = field(default_factory=Limits)
    sampling: float = 1.0
    most_rows: int = 50_000
    keeping: Keeping = field(default_factory=Keeping)
    batching: Batching = field(default_factory=EndOfTurn)
    failures: list[LoadFailure] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = ManualClock(datetime(2026, 5, 1, 12, tzinfo=UTC))
        self.packages = MemoryModelPackages()
        self.manifests = MemoryServingManifests()
        self.publisher = MemoryEventPublisher()
        self.capture = CaptureBuffer(self.clock, self.sampling, self.most_rows)
        self.scorer = Scorer(self.capture, self.limits, self.batching)
        self.loader = PackageLoader(self.packages, OnnxRuntime(threads=1))
        self.follower = ManifestFollower(
            ENDPOINT, self.manifests, self.loader, self.scorer, self._failed, self.clock, self.keeping
        )

    async def _failed(self, failure: LoadFailure) -> None:
        self.failures.append(failure)

    async def adopt(self, version: str = "1", weight: float = 1.0) -> PackageRef:
        files = package_files(weight)
        package = package_ref(files, version)
        await self.packages.adopt(package.digest, files)
        return package

    async def serve(self, *routes: Route | PackageRef, previous: Route | None = None) -> Manifest:
        """Write the next generation of the manifest."""
        present = await self.manifests.read(ENDPOINT)
        given = tuple(route if isinstance(route, Route) else Route(package=route) for route in routes)
        generation = present.generation + 1
        manifest = Manifest(
            endpoint=ENDPOINT, generation=generation, routes=given, previous=previous, changed_by=f"test-{generation}"
        )
        await self.manifests.swap(manifest)
        return manifest

    async def ask(self, request: Any, **options: Any) -> Answer:
        """Ask the model for its answer to this request, given as JSON or as bytes."""
        body = request if isinstance(request, bytes) else to_json(request)
        answer = await self.scorer.infer("flights", options.pop("number", None), body, **options)
        self.scorer.settle()
        return answer


def output(answer: Answer, name: str = "probability") -> list[Any]:
    """The values of one output of a successful answer."""
    assert answer.status == 200, answer.body
    found = {each["name"]: each["data"] for each in from_json(answer.body)["outputs"]}
    values: list[Any] = found[name]
    return values


def problem(answer: Answer) -> str:
    """The message of an answer that is an error."""
    message: str = from_json(answer.body)["error"]
    return message


async def wide_bench(width: int, is_free: bool = False) -> Bench:
    """Model `flights` with one input X [N, width]: its answer is the mean of a row. `is_free` takes others, too."""
    bench = Bench()
    signature = {
        **SIGNATURE,
        "inputs": [{"name": "X", "datatype": "FP32", "kind": "numeric"}],
        "outputs": [{"name": "probability", "datatype": "FP32", "shape": [-1]}],
        "groups": [],
    }
    golden = parquet([{"X": [3.0] * width, "probability": 3.0}])
    signature_json = json.dumps(signature).encode()
    files = package_files(signature__json=signature_json, golden__parquet=golden)
    files["model.onnx"] = wide_model("W" if is_free else width)
    package = package_ref(files)
    await bench.packages.adopt(package.digest, files)
    await bench.serve(package)
    await bench.follower.step()
    assert bench.failures == []
    return bench
