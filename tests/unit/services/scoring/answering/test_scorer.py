"""Natural batching, limits, counts and metadata."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pydantic_core import from_json, to_json

from services.scoring.answering.scorer import Limits
from services.scoring.model.table import Table
from shared.ports.models.inference import Array, InferenceSession
from tests.support.onnx_models import sample_rows, tensors
from tests.support.scoring import Bench, output


class CountingSession:
    """Notes the rows of every run."""

    def __init__(self, behind: InferenceSession) -> None:
        self.behind = behind
        self.inputs = behind.inputs
        self.outputs = behind.outputs
        self.runs: list[int] = []

    def run(self, columns: Mapping[str, Array]) -> Sequence[Array]:
        self.runs.append(len(columns["month"]))
        return self.behind.run(columns)


async def test_requests_of_one_turn_share_a_run_and_get_their_own_rows(bench: Bench) -> None:
    rows = sample_rows(30)
    sizes = [1, 5, 2, 20, 2]
    parts = [rows[sum(sizes[:index]) : sum(sizes[: index + 1])] for index in range(len(sizes))]
    alone = [output(await bench.ask(tensors(part))) for part in parts]
    version = bench.scorer.table.versions[0]
    session = CountingSession(version.session)
    bench.scorer.table = Table.of(1, [(replace(version, session=session), 100.0)])
    together = await asyncio.gather(*(bench.ask(tensors(part)) for part in parts))
    assert [output(answer) for answer in together] == alone
    assert session.runs == [30]


async def test_a_batch_is_cut_at_the_limit_of_rows() -> None:
    bench = Bench(limits=Limits(batch_rows=4))
    await bench.serve(await bench.adopt())
    await bench.follower.step()
    rows = sample_rows(30)
    answers = await asyncio.gather(*(bench.ask(tensors(rows[at : at + 3])) for at in range(0, 30, 3)))
    assert [value for answer in answers for value in output(answer)] == output(await bench.ask(tensors(rows)))


async def test_a_wrong_request_does_not_disturb_its_neighbours(bench: Bench) -> None:
    right, wrong, other = await asyncio.gather(
        bench.ask(tensors(sample_rows(1))), bench.ask(b"{"), bench.ask(tensors(sample_rows(2)))
    )
    assert (right.status, wrong.status, other.status) == (200, 400, 200)


async def test_too_much_is_refused_by_what_is_too_much() -> None:
    bench = Bench(limits=Limits(request_rows=5, waiting_rows=8, body_bytes=2_000))
    await bench.serve(await bench.adopt())
    await bench.follower.step()
    assert (await bench.ask(tensors(sample_rows(6)))).status == 413
    assert (await bench.ask(b" " * 2_001)).status == 413
    answers = await asyncio.gather(*(bench.ask(tensors(sample_rows(4))) for _ in range(3)))
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert dict(answers[2].headers)["retry-after"] == "1"


async def test_requests_rows_errors_and_latency_are_counted(bench: Bench) -> None:
    await bench.ask(tensors(sample_rows(3)))
    await bench.ask(b"{")
    report = bench.scorer.table.versions[0].statistics.report()
    assert (report.requests, report.rows, report.errors) == (2, 3, {"invalid": 1})
    assert sum(report.latency_us.values()) == 1


async def test_metadata_describes_the_model(bench: Bench) -> None:
    found = from_json(bench.scorer.model("flights").body)
    assert found["name"] == "flights"
    assert found["versions"] == ["1"]
    assert found["inputs"][0] == {"name": "distance", "datatype": "FP32", "shape": [-1, 1]}
    assert found["outputs"][1] == {
        "name": "probability", "datatype": "FP32", "shape": [-1], "parameters": {"role": "probability"}
    }  # fmt: skip
    assert bench.scorer.model("birds").status == 404
    assert bench.scorer.model_ready("flights", "1").status == 200
    assert bench.scorer.model_ready("flights", "2").status == 404


async def test_ready_only_with_a_model_but_live_always() -> None:
    bench = Bench()
    assert (bench.scorer.live().status, bench.scorer.ready().status) == (200, 503)
    await bench.serve(await bench.adopt())
    await bench.follower.step()
    assert bench.scorer.ready().status == 200


async def test_a_caller_that_goes_away_disturbs_nobody(bench: Bench) -> None:
    leaving = asyncio.ensure_future(bench.ask(tensors(sample_rows(1))))
    staying = asyncio.ensure_future(bench.scorer.infer("flights", None, to_json(tensors(sample_rows(2)))))
    await asyncio.sleep(0)
    leaving.cancel()
    assert (await staying).status == 200
