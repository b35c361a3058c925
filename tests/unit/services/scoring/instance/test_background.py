"""What an instance does without being asked: it follows, reports and sends, and leaves with its last words."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic_core import to_json

from services.scoring import ScoringPorts
from services.scoring.instance.background import Background, Pace
from shared.adapters.onnx import OnnxRuntime
from shared.events import PredictionsCaptured, ServingReported
from tests.support.eventually import aeventually
from tests.support.onnx_models import ENDPOINT, sample_rows, tensors
from tests.support.scoring import Bench
from tests.unit.services.scoring.sending import heard


def background(bench: Bench) -> Background:
    @asynccontextmanager
    async def ports() -> AsyncIterator[ScoringPorts]:
        runtime = OnnxRuntime(threads=1)
        yield ScoringPorts(bench.manifests, bench.packages, bench.publisher, runtime, bench.clock)

    return Background(ENDPOINT, "one", bench.scorer, bench.capture, ports, Pace(follow_s=0.01, report_s=60, flush_s=60))


async def test_a_request_just_before_the_end_is_in_the_last_words() -> None:
    bench = Bench()
    await bench.serve(await bench.adopt())
    instance = background(bench)
    running = asyncio.create_task(instance.run())
    await aeventually(lambda: _is_ready(bench), every_s=0.01)
    await bench.scorer.infer("flights", None, to_json(tensors(sample_rows(2))))
    instance.ask_to_stop()
    await running
    (block,) = heard(bench, PredictionsCaptured)
    assert len(block.keys) == 2
    (counts,) = heard(bench, ServingReported)[-1].versions
    assert (counts.requests, counts.rows) == (1, 2)


async def test_what_stays_with_a_model_is_no_longer_looked_at_by_the_collector_of_garbage() -> None:
    bench = Bench()
    await bench.serve(await bench.adopt())
    gc.unfreeze()
    instance = background(bench)
    running = asyncio.create_task(instance.run())
    await aeventually(lambda: _is_ready(bench), every_s=0.01)
    await aeventually(_is_frozen, every_s=0.01)
    instance.ask_to_stop()
    await running
    gc.unfreeze()


async def _is_ready(bench: Bench) -> bool:
    return bool(bench.scorer.table.versions)


async def _is_frozen() -> bool:
    return gc.get_freeze_count() > 1_000
