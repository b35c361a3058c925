"""Reports, lost rows, loads that failed: what the hub hears, and that nothing of it is lost or told twice."""

from collections.abc import Sequence
from typing import Any

import pytest

from services.scoring.instance.following import LoadFailure
from shared.events import (
    CaptureLost,
    Envelope,
    ModelLoadFailed,
    PredictionsCaptured,
    ServingReported,
)
from shared.ports import Hub, Refused, Unavailable
from tests.support.onnx_models import sample_rows, tensors
from tests.support.scoring import Bench
from tests.unit.services.scoring.sending import Hubs, heard, outgoing


async def test_one_refused_block_does_not_take_its_message_with_it(bench: Bench) -> None:
    class Choosy:
        async def publish(self, hub: Hub, envelopes: Sequence[Envelope[Any]]) -> None:
            if any("bad" in getattr(each.data, "keys", ()) for each in envelopes):
                raise Refused("too large")
            await bench.publisher.publish(hub, envelopes)

    await bench.ask({**tensors(sample_rows(1)), "parameters": {"keys": "bad"}})
    await bench.serve(await bench.adopt("2"))
    await bench.follower.step()
    await bench.ask(tensors(sample_rows(2)))
    out = outgoing(bench, Choosy())
    await out.flush(bench.capture)
    await out.report(bench.scorer, bench.capture)
    assert [len(block.keys) for block in heard(bench, PredictionsCaptured)] == [2]
    assert [(lost.rows, lost.reason) for lost in heard(bench, CaptureLost)] == [(1, "refused")]


async def test_what_does_not_fit_the_buffer_is_counted_and_told_once() -> None:
    bench = Bench(most_rows=5)
    await bench.serve(await bench.adopt())
    await bench.follower.step()
    for _ in range(4):
        assert (await bench.ask(tensors(sample_rows(2)))).status == 200
    out = outgoing(bench)
    await out.flush(bench.capture)
    for _ in range(2):
        await out.report(bench.scorer, bench.capture)
    assert [(lost.rows, lost.reason) for lost in heard(bench, CaptureLost)] == [(4, "overflow")]
    assert sum(len(block.keys) for block in heard(bench, PredictionsCaptured)) == 4


async def test_a_hub_that_comes_back_gets_everything_that_fitted(bench: Bench) -> None:
    hubs = Hubs(bench.publisher, Unavailable("away"))
    out = outgoing(bench, hubs)
    await bench.ask(tensors(sample_rows(3)))
    for _ in range(3):
        with pytest.raises(Unavailable):
            await out.flush(bench.capture)
    await bench.ask(tensors(sample_rows(2)))
    hubs.error = None
    await out.flush(bench.capture)
    await out.report(bench.scorer, bench.capture)
    assert [len(block.keys) for block in heard(bench, PredictionsCaptured)] == [3, 2]
    assert heard(bench, CaptureLost) == []


async def test_rows_that_the_hub_refuses_are_counted_as_lost(bench: Bench) -> None:
    hubs = Hubs(bench.publisher, Refused("too large"))
    out = outgoing(bench, hubs)
    await bench.ask(tensors(sample_rows(3)))
    await out.flush(bench.capture)
    with pytest.raises(Refused):
        await out.report(bench.scorer, bench.capture)
    hubs.error = None
    await out.report(bench.scorer, bench.capture)
    assert [(lost.rows, lost.reason) for lost in heard(bench, CaptureLost)] == [(3, "refused")]


async def test_the_report_tells_generation_and_counts(bench: Bench) -> None:
    await bench.ask(tensors(sample_rows(3)))
    await outgoing(bench).report(bench.scorer, bench.capture)
    (report,) = heard(bench, ServingReported)
    assert (report.instance, report.generation) == ("one-1", 1)
    assert (report.versions[0].requests, report.versions[0].rows) == (1, 3)


async def test_a_failed_load_is_told_when_the_hub_is_back(bench: Bench) -> None:
    hubs = Hubs(bench.publisher, Unavailable("away"))
    out = outgoing(bench, hubs)
    package = await bench.adopt("2")
    await out.load_failed(LoadFailure(package, 2, "altered"))
    with pytest.raises(Unavailable):
        await out.report(bench.scorer, bench.capture)
    hubs.error = None
    await out.report(bench.scorer, bench.capture)
    await out.report(bench.scorer, bench.capture)
    assert [(fact.package, fact.reason) for fact in heard(bench, ModelLoadFailed)] == [(package, "altered")]


async def test_a_load_that_fails_while_a_report_is_sent_is_told_by_the_next(bench: Bench) -> None:
    package = await bench.adopt("2")

    class Slow:
        async def publish(self, hub: Hub, envelopes: Sequence[Envelope[Any]]) -> None:
            if not bench.publisher.published["predictions"]:
                await out.load_failed(LoadFailure(package, 2, "altered"))
            await bench.publisher.publish(hub, envelopes)

    out = outgoing(bench, Slow())
    for _ in range(3):
        await out.report(bench.scorer, bench.capture)
    assert [fact.reason for fact in heard(bench, ModelLoadFailed)] == ["altered"]
