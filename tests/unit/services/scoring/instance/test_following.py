"""The manifest is followed; what cannot be loaded leaves the old version serving."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from pydantic_core import to_json

from services.scoring import Answer
from services.scoring.model.table import Table
from shared.events import GoldenProof
from shared.ports import Route
from shared.ports.models.inference import Array, InferenceSession
from tests.support.onnx_models import package_files, package_ref, parquet, sample_rows, tensors
from tests.support.scoring import Bench, output

ROW = tensors(sample_rows(1))


async def test_the_next_generation_takes_over(bench: Bench) -> None:
    before = output(await bench.ask(ROW))
    await bench.serve(await bench.adopt("2", weight=0.5))
    await bench.follower.step()
    assert bench.scorer.table.generation == 2
    assert output(await bench.ask(ROW)) != before


async def test_a_request_under_way_is_answered_by_the_version_it_began_with(bench: Bench) -> None:
    expected = output(await bench.ask(ROW))
    answers: list[Answer] = []
    bench.scorer.submit("flights", None, to_json(ROW), answers.append)
    await bench.serve(await bench.adopt("2", weight=0.5))
    table_before = bench.scorer.table
    await bench.follower.step()
    assert bench.scorer.table is not table_before
    await asyncio.sleep(0)
    assert output(answers[0]) == expected


async def test_a_package_that_was_altered_leaves_the_old_one_serving(bench: Bench) -> None:
    package = await bench.adopt("2", weight=0.5)
    bench.packages.adopted[package.digest] = {
        **bench.packages.adopted[package.digest],
        "trained_until": b"2027-01-01T00:00:00Z",
    }
    before = output(await bench.ask(ROW))
    await bench.serve(package)
    await bench.follower.step()
    await bench.follower.step()
    assert output(await bench.ask(ROW)) == before
    assert bench.scorer.table.generation == 1
    assert [(f.package, f.generation) for f in bench.failures] == [(package, 2)]
    assert "the package was altered" in bench.failures[0].reason


async def test_golden_rows_that_come_out_differently_are_not_served(bench: Bench) -> None:
    golden = parquet([{**row, "label": 1, "probability": 0.5} for row in sample_rows(5)])
    files = package_files(0.5, golden__parquet=golden)
    package = package_ref(files, "2")
    await bench.packages.adopt(package.digest, files)
    await bench.serve(package)
    await bench.follower.step()
    assert bench.scorer.table.generation == 1
    assert "golden rows: output probability, row 0: expected 0.5" in bench.failures[0].reason


async def test_a_package_that_is_repaired_is_loaded_in_the_end(bench: Bench) -> None:
    package = await bench.adopt("2", weight=0.5)
    whole = bench.packages.adopted.pop(package.digest)
    await bench.serve(package)
    await bench.follower.step()
    bench.packages.adopted[package.digest] = whole
    for _ in range(40):
        await bench.follower.step()
    assert bench.scorer.table.generation == 2
    assert len(bench.failures) == 1


async def test_one_bad_route_keeps_the_whole_old_generation(bench: Bench) -> None:
    good, bad = await bench.adopt("2", weight=0.5), await bench.adopt("3", weight=0.25)
    del bench.packages.adopted[bad.digest]
    await bench.serve(Route(package=good, share=50), Route(package=bad, share=50))
    await bench.follower.step()
    assert bench.scorer.table.generation == 1


async def test_a_manifest_that_was_lost_stops_nobody(bench: Bench) -> None:
    bench.manifests.__init__()  # type: ignore[misc]
    await bench.follower.step()
    assert (await bench.ask(ROW)).status == 200


async def test_counts_go_on_when_a_package_comes_back(bench: Bench) -> None:
    first = await bench.adopt("1")
    await bench.ask(ROW)
    await bench.serve(await bench.adopt("2", weight=0.5))
    await bench.follower.step()
    await bench.serve(first)
    await bench.follower.step()
    await bench.ask(ROW)
    assert bench.scorer.table.versions[0].statistics.report().requests == 2


def proofs(bench: Bench) -> dict[str, GoldenProof | None]:
    """What the next report will say, by version."""
    reports = [version.statistics.report() for version in bench.scorer.table.versions]
    return {report.package.model.version: report.golden for report in reports}


async def test_at_each_switch_the_sessions_that_answer_prove_their_golden_rows_anew(bench: Bench) -> None:
    """N4: also those of a version that was kept warm, which is not loaded again."""
    first = await bench.adopt("1")
    await bench.serve(await bench.adopt("2", weight=0.5), previous=Route(package=first))
    await bench.follower.step()
    before = proofs(bench)
    session = next(version.session for version in bench.scorer.table.versions if version.number == "1")
    await bench.serve(first)
    await bench.follower.step()
    version = bench.scorer.table.versions[0]
    found = proofs(bench)["1"]
    assert version.session is session
    assert before["1"] is not None
    assert before["2"] is not None
    assert found is not None
    assert (before["1"].generation, before["2"].generation, found.generation) == (1, 2, 3)
    assert (found.rows, found.distance < 1e-6, found.outputs) == (50, True, before["1"].outputs)
    assert found.outputs != before["2"].outputs


class Deaf:
    """A session that has gone wrong since it was loaded: whatever it is asked, it answers the same."""

    def __init__(self, inner: InferenceSession) -> None:
        self.inputs, self.outputs, self._inner = inner.inputs, inner.outputs, inner

    def run(self, columns: Mapping[str, Array]) -> Sequence[Array]:
        return [np.zeros_like(array) for array in self._inner.run(columns)]


async def test_a_warm_version_that_no_longer_answers_as_recorded_is_not_switched_to(bench: Bench) -> None:
    first = await bench.adopt("1")
    await bench.serve(await bench.adopt("2", weight=0.5), previous=Route(package=first))
    await bench.follower.step()
    table = bench.scorer.table
    spoilt = [replace(v, session=Deaf(v.session)) if v.number == "1" else v for v in table.versions]
    bench.scorer.table = Table.of(2, [(spoilt[0], 100)], kept=spoilt[1:])
    await bench.serve(first)
    await bench.follower.step()
    await bench.follower.step()
    assert bench.scorer.table.generation == 2
    assert [(failure.package, failure.generation) for failure in bench.failures] == [(first, 3)]
    assert bench.failures[0].reason.startswith("golden rows: output ")


async def test_a_version_that_is_only_kept_proves_nothing_new(bench: Bench) -> None:
    first = await bench.adopt("1")
    await bench.serve(await bench.adopt("2", weight=0.5), previous=Route(package=first))
    await bench.follower.step()
    kept = proofs(bench)["1"]
    assert kept is not None
    assert kept.generation == 1
