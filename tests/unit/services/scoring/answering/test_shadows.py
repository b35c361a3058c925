"""Mirrored copies: scored and counted, seen by nobody, and nobody's trouble."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from services.scoring.model.table import Table
from shared.ports import Route
from shared.ports.models.inference import Array
from tests.support.eventually import aeventually
from tests.support.onnx_models import sample_rows, tensors
from tests.support.scoring import Bench, output

ROW = tensors(sample_rows(1))


async def mirrored(bench: Bench, percent: float) -> None:
    first, second = await bench.adopt("1"), await bench.adopt("2", weight=0.5)
    await bench.serve(Route(package=first), Route(package=second, share=0, mirror=percent))
    await bench.follower.step()


async def scored(bench: Bench, number: str, requests: int) -> None:
    version = next(each for each in bench.scorer.table.versions if each.number == number)

    async def enough() -> bool:
        return version.statistics.requests == requests

    await aeventually(enough)


async def test_a_mirror_is_asked_what_the_live_version_answers(bench: Bench) -> None:
    expected = output(await bench.ask(ROW))
    await mirrored(bench, 100)
    for _ in range(10):
        assert output(await bench.ask(ROW)) == expected
    await scored(bench, "2", 10)


async def test_a_mirror_gets_its_percentage(bench: Bench) -> None:
    await mirrored(bench, 30)
    for _ in range(100):
        await bench.ask(ROW)
    await scored(bench, "2", 30)


async def test_a_mirror_that_breaks_is_counted_and_nobody_hears_of_it(bench: Bench) -> None:
    class Broken:
        inputs = bench.scorer.table.versions[0].session.inputs
        outputs = bench.scorer.table.versions[0].session.outputs

        def run(self, columns: Mapping[str, Array]) -> Sequence[Array]:
            raise RuntimeError("broken")

    await mirrored(bench, 100)
    live, shadow = bench.scorer.table.versions
    broken = replace(shadow, session=Broken())
    bench.scorer.table = Table.of(3, [(live, 100.0)], mirrors=[(broken, 100.0)])
    assert (await bench.ask(ROW)).status == 200
    await asyncio.sleep(0)
    assert broken.statistics.errors == {"internal": 1}


async def test_a_flood_of_copies_leaves_some_out_and_counts_them(bench: Bench) -> None:
    await mirrored(bench, 100)
    answers = await asyncio.gather(*(bench.ask(ROW) for _ in range(400)))
    assert {answer.status for answer in answers} == {200}
    assert bench.scorer.mirrored_left_out > 0
    await scored(bench, "2", 400 - bench.scorer.mirrored_left_out)
