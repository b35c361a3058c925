"""Captured rows: what the hub hears of them."""

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from services.scoring.instance.loop_share import LoopShare
from shared.events import (
    Envelope,
    PredictionsCaptured,
    encode,
    from_cloud_event,
    to_cloud_event,
)
from shared.ports import Hub, Route
from tests.support.onnx_models import sample_rows, tensors
from tests.support.scoring import Bench, output, wide_bench
from tests.unit.services.scoring.sending import heard, outgoing


async def test_every_scored_row_is_captured_with_inputs_outputs_key_and_time(bench: Bench) -> None:
    rows = sample_rows(5)
    answer = await bench.ask({**tensors(rows[:2]), "id": "r7"})
    await bench.ask({**tensors(rows[2:]), "parameters": {
        "keys": '["a", "b", "c"]', "observed_at": "2013-02-01T10:00:00+01:00"}})  # fmt: skip
    await outgoing(bench).flush(bench.capture)
    (block,) = heard(bench, PredictionsCaptured)
    assert block.keys == ("r7-0", "r7-1", "a", "b", "c")
    assert block.observed_at == (bench.clock.now(),) * 2 + (datetime(2013, 2, 1, 9, tzinfo=UTC),) * 3
    assert block.inputs["carrier"] == tuple(row["carrier"] for row in rows)
    assert block.inputs["distance"] == pytest.approx([row["distance"] for row in rows], rel=1e-6)
    assert block.inputs["delay"][3] is None
    assert block.outputs["probability"][:2] == tuple(np.array(output(answer), np.float32).tolist())


async def test_a_row_scored_alone_has_the_time_of_its_scoring_unless_its_caller_says_when_and_what_it_is(
    bench: Bench,
) -> None:
    for said in ({}, {"id": "r7"}, {"parameters": {"keys": "a", "observed_at": "2013-02-01T10:00:00+01:00"}}):
        await bench.ask({**tensors(sample_rows(1)), **said})
    await outgoing(bench).flush(bench.capture)
    (block,) = heard(bench, PredictionsCaptured)
    assert block.keys == ("one-1-0-0", "r7-0", "a")
    assert block.observed_at == (bench.clock.now(),) * 2 + (datetime(2013, 2, 1, 9, tzinfo=UTC),)


@pytest.mark.parametrize(("width", "columns"), [(3, {"X[0]", "X[1]", "X[2]"}), (100, set())])
async def test_a_small_vector_is_captured_by_its_parts_and_a_wide_tensor_is_not_even_held(
    width: int, columns: set[str]
) -> None:
    bench = await wide_bench(width)
    answer = await bench.ask({"rows": [{"X": [1.0] * width}, {"X": [2.0] * width}]})
    assert output(answer) == pytest.approx([1.0, 2.0])
    (held,) = bench.capture._waiting
    assert sum(array.size for array in held.arrays) == 2 * len(columns)
    await outgoing(bench).flush(bench.capture)
    (block,) = heard(bench, PredictionsCaptured)
    assert set(block.inputs) == columns
    assert block.outputs["probability"] == pytest.approx((1.0, 2.0))


async def test_rows_of_different_versions_never_share_a_block(bench: Bench) -> None:
    await bench.ask(tensors(sample_rows(2)))
    await bench.serve(await bench.adopt("2", weight=0.5))
    await bench.follower.step()
    await bench.ask(tensors(sample_rows(3)))
    await outgoing(bench).flush(bench.capture)
    blocks = heard(bench, PredictionsCaptured)
    assert [(block.package.model.version, len(block.keys)) for block in blocks] == [("1", 2), ("2", 3)]


async def test_versions_that_take_turns_send_a_block_each(bench: Bench) -> None:
    packages = [await bench.adopt("1"), await bench.adopt("2", weight=0.5)]
    await bench.serve(*(Route(package=package, share=50) for package in packages))
    await bench.follower.step()
    for _ in range(20):
        await bench.ask(tensors(sample_rows(1)))
    await outgoing(bench).flush(bench.capture)
    blocks = heard(bench, PredictionsCaptured)
    assert sorted((block.package.model.version, len(block.keys)) for block in blocks) == [("1", 10), ("2", 10)]


async def test_many_rows_are_packed_into_few_blocks_below_the_limit_of_a_message(bench: Bench) -> None:
    rows = sample_rows(1_000)
    for _ in range(10):
        await bench.ask(tensors(rows))
    await outgoing(bench).flush(bench.capture)
    blocks = heard(bench, PredictionsCaptured)
    assert sum(len(block.keys) for block in blocks) == 10_000
    assert len(blocks) <= 10


async def test_a_request_of_more_rows_than_a_message_holds_leaves_in_parts() -> None:
    bench = await wide_bench(60)
    values = np.arange(2_400, dtype=np.float32)
    rows = [{"X": [float(value)] * 60} for value in values]
    await bench.ask({"rows": rows, "id": "r7"})
    await outgoing(bench).flush(bench.capture)
    sizes = [len(each.data.as_json()) for each in bench.publisher.published["predictions"]]
    blocks = heard(bench, PredictionsCaptured)
    assert len(blocks) > 3
    assert max(sizes) < 500_000
    assert [key for block in blocks for key in block.keys] == [f"r7-{row}" for row in range(2_400)]
    assert [cell for block in blocks for cell in block.inputs["X[59]"]] == pytest.approx(values)


async def test_blocks_share_messages_and_a_flush_that_meets_more_rows_leaves_them_to_the_next(bench: Bench) -> None:
    sent: list[int] = []

    class Counting:
        async def publish(self, hub: Hub, envelopes: Sequence[Envelope[Any]]) -> None:
            sent.append(len(envelopes))
            await bench.publisher.publish(hub, envelopes)
            if len(sent) == 1:
                await bench.ask(tensors(sample_rows(3)))

    for _ in range(4):
        await bench.ask(tensors(sample_rows(500)))
    await outgoing(bench, Counting()).flush(bench.capture)
    assert sent == [4]
    assert bench.capture.waiting_rows == 3


async def test_sampling_keeps_its_share_of_requests() -> None:
    bench = Bench(sampling=0.1)
    await bench.serve(await bench.adopt())
    await bench.follower.step()
    for _ in range(200):
        await bench.ask(tensors(sample_rows(1)))
    assert bench.capture.waiting_rows == pytest.approx(20, abs=2)


@pytest.mark.parametrize("sizes", [[1] * 40, [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5] * 3])
async def test_the_rows_kept_of_a_shared_run_are_those_of_the_requests_kept(sizes: list[int]) -> None:
    bench = Bench(sampling=0.4)
    await bench.serve(await bench.adopt())
    await bench.follower.step()
    rows = [sample_rows(size, seed) for seed, size in enumerate(sizes)]
    sent = {f"{name}-{index}": row for name, some in enumerate(rows) for index, row in enumerate(some)}
    asked = [{**tensors(some), "id": str(name)} for name, some in enumerate(rows)]
    await asyncio.gather(*(bench.ask(each) for each in asked))
    await outgoing(bench).flush(bench.capture)
    (block,) = heard(bench, PredictionsCaptured)
    kept = {key.split("-")[0] for key in block.keys}
    assert len(kept) == pytest.approx(0.4 * len(sizes), abs=2)
    assert len(block.keys) == sum(sizes[int(name)] for name in kept)
    assert block.inputs["distance"] == pytest.approx([sent[key]["distance"] for key in block.keys], rel=1e-6)
    assert block.inputs["carrier"] == tuple(sent[key]["carrier"] for key in block.keys)
    assert len(block.outputs["probability"]) == len(block.keys)


async def test_a_flush_rests_after_each_portion_so_that_scoring_has_the_loop(bench: Bench) -> None:
    rests: list[int] = []

    class Rests(LoopShare):
        async def rest(self) -> None:
            rests.append(bench.capture.waiting_rows)
            await super().rest()

    for _ in range(3):
        await bench.ask(tensors(sample_rows(1_000)))
    await outgoing(bench).flush(bench.capture, Rests(1.0))
    assert rests == [2_000, 1_000, 0]


async def test_only_named_features_leave_when_the_policy_names_some(bench: Bench) -> None:
    bench.capture.features = frozenset({"carrier", "month"})
    await bench.ask(tensors(sample_rows(2)))
    await outgoing(bench).flush(bench.capture)
    (block,) = heard(bench, PredictionsCaptured)
    assert block.inputs.keys() == {"carrier", "month"}
    assert "probability" in block.outputs


@pytest.mark.parametrize("version", [1, 2])
async def test_a_block_as_it_was_written_before_columns_and_runs_were_packed_is_still_read(
    bench: Bench, version: int
) -> None:
    await bench.ask(tensors(sample_rows(4)))
    await outgoing(bench).flush(bench.capture)
    (block,) = heard(bench, PredictionsCaptured)
    frame = to_cloud_event(Envelope.first(block, id="1", source="/old", time=bench.clock.now()))
    assert isinstance(frame["data"]["inputs"]["distance"], tuple | list)
    old = from_cloud_event({**frame, "dataschema": f"urn:sluice:mlops.predictions.captured:{version}"})
    assert old.data == block


async def test_rows_without_names_of_their_own_cost_a_run_and_no_text_each(bench: Bench) -> None:
    rows = sample_rows(6)
    for row in rows[:3]:
        await bench.ask(tensors([row]))
    await bench.ask({**tensors(rows[3:5]), "id": "r7"})
    await bench.ask(tensors(rows[5:]))
    await outgoing(bench).flush(bench.capture)
    (envelope,) = bench.publisher.published["predictions"]
    sent = json.loads(encode(envelope))["data"]
    assert [(run["first"], run["count"]) for run in sent["keys"]] == [(0, 3), (0, 2), (4, 1)]
    assert [part["count"] if isinstance(part, dict) else 1 for part in sent["observed_at"]] == [1, 1, 1, 2, 1]
    (block,) = heard(bench, PredictionsCaptured)
    assert block.keys == ("one-1-0-0", "one-1-1-0", "one-1-2-0", "r7-0", "r7-1", "one-1-4-0")
    assert block.observed_at == (bench.clock.now(),) * 6
