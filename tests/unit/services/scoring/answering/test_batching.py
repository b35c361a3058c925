"""When what waits is run: each strategy over the real scorer, which notes the rows of every run."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import pytest
from pydantic_core import to_json

from services.scoring import Answer, Batching, EndOfTurn, FirstAtOnce, FlushedByDoor
from services.scoring.model.table import Table
from shared.ports.models.inference import Array, InferenceSession
from tests.support.onnx_models import sample_rows, tensors
from tests.support.scoring import Bench, output


class Noting:
    """`runs` are the rows of each."""

    def __init__(self, behind: InferenceSession) -> None:
        self.behind, self.inputs, self.outputs = behind, behind.inputs, behind.outputs
        self.runs: list[int] = []

    def run(self, columns: Mapping[str, Array]) -> Sequence[Array]:
        self.runs.append(len(columns["month"]))
        return self.behind.run(columns)


async def noting(batching: Batching) -> tuple[Bench, Noting]:
    bench = Bench(batching=batching)
    await bench.serve(await bench.adopt())
    await bench.follower.step()
    (version,) = bench.scorer.table.versions
    session = Noting(version.session)
    bench.scorer.table = Table.of(1, [(replace(version, session=session), 100.0)])
    return bench, session


def body(rows: int) -> bytes:
    return to_json(tensors(sample_rows(rows)))


def submit(bench: Bench, rows: int) -> list[Answer]:
    """Filled once it is answered."""
    answers: list[Answer] = []
    bench.scorer.submit("flights", None, body(rows), answers.append)
    return answers


def alone() -> FlushedByDoor[str]:
    found = FlushedByDoor[str]()
    found.clients.add("only one")
    return found


def crowded() -> FlushedByDoor[str]:
    found = alone()
    found.clients.add("another")
    return found


@pytest.mark.parametrize("make", [EndOfTurn, FirstAtOnce, FlushedByDoor, crowded])
async def test_whoever_waits_is_answered_once_within_the_turn(make: Callable[[], Batching]) -> None:
    bench, session = await noting(make())
    for _ in range(3):
        found = [submit(bench, rows) for rows in (1, 2, 3)]
        await asyncio.sleep(0)  # one turn
        assert [[each.status for each in answers] for answers in found] == [[200]] * 3
    assert sum(session.runs) == 18


async def test_at_the_end_of_a_turn_all_share_a_run() -> None:
    bench, session = await noting(EndOfTurn())
    found = [submit(bench, rows) for rows in (1, 2, 3)]
    assert (found, session.runs) == ([[], [], []], [])
    await asyncio.sleep(0)
    assert session.runs == [6]


async def test_the_first_of_a_turn_is_answered_at_once_and_those_after_it_share_a_run() -> None:
    bench, session = await noting(FirstAtOnce())
    for _ in range(2):
        session.runs.clear()
        first, second, third = submit(bench, 1), submit(bench, 2), submit(bench, 3)
        assert ([each.status for each in first], second, third, session.runs) == ([200], [], [], [1])
        await asyncio.sleep(0)
        assert session.runs == [1, 5]


async def test_who_is_answered_at_once_waits_for_nothing() -> None:
    bench, _ = await noting(FirstAtOnce())
    first = bench.scorer.infer("flights", None, body(2))
    with pytest.raises(StopIteration) as ended:  # a coroutine that has nothing to wait for
        first.send(None)
    second = bench.scorer.infer("flights", None, body(2))
    assert output(await second) == output(ended.value.value)


async def test_a_request_that_cannot_be_read_takes_nobodys_place() -> None:
    bench, session = await noting(FirstAtOnce())
    bench.scorer.submit("flights", None, b"{", lambda answer: None)
    assert [each.status for each in submit(bench, 1)] == [200]
    assert session.runs == [1]


async def test_a_lone_client_is_answered_when_it_has_told_all() -> None:
    bench, session = await noting(batching := alone())
    found = [submit(bench, rows) for rows in (1, 2)]
    assert session.runs == []
    batching.flush()
    assert ([len(answers) for answers in found], session.runs) == ([1, 1], [3])
    batching.flush()
    assert session.runs == [3]


async def test_with_several_clients_the_turn_is_waited_for() -> None:
    bench, session = await noting(batching := crowded())
    submit(bench, 1)
    batching.flush()
    assert session.runs == []
    submit(bench, 2)
    await asyncio.sleep(0)
    assert session.runs == [3]


async def test_nobody_is_left_behind_when_clients_come_and_go_in_between() -> None:
    bench, session = await noting(batching := alone())
    submit(bench, 1)
    batching.clients.add("another")
    batching.flush()
    assert session.runs == [1]


async def test_a_flush_runs_what_waits_at_each_endpoint() -> None:
    batching = alone()
    (one, first), (other, second) = await noting(batching), await noting(batching)
    submit(one, 1)
    submit(other, 2)
    batching.flush()
    assert (first.runs, second.runs) == ([1], [2])
