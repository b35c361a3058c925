"""Which version answers."""

from collections import Counter

import pytest

from services.scoring.model.table import Table
from services.scoring.model.version import Version
from services.scoring.protocol.answers import Problem
from shared.ports import Route
from tests.support.onnx_models import sample_rows, tensors
from tests.support.scoring import Bench, problem


@pytest.fixture
async def table(bench: Bench) -> Table:
    """Version 1 with 90 %, version 2 with 10 %, version 3 with nothing."""
    packages = [await bench.adopt(str(number), weight=number) for number in (1, 2, 3)]
    await bench.serve(*(Route(package=p, share=share) for p, share in zip(packages, (90, 10, 0), strict=True)))
    await bench.follower.step()
    return bench.scorer.table


def _number(found: Version | Problem) -> str:
    assert isinstance(found, Version), found
    return found.number


async def test_traffic_is_shared_as_the_manifest_says(table: Table) -> None:
    counted = Counter(_number(table.find("flights", None, turn, None)) for turn in range(1_000))
    assert counted["1"] == pytest.approx(900, abs=3)
    assert counted["2"] == pytest.approx(100, abs=3)
    assert counted["3"] == 0


async def test_a_sticky_caller_always_meets_the_same_version(table: Table) -> None:
    for caller in map(str, range(50)):
        assert len({_number(table.find("flights", None, turn, caller)) for turn in range(20)}) == 1
    assert {_number(table.find("flights", None, 0, str(caller))) for caller in range(200)} == {"1", "2"}


async def test_a_version_without_share_answers_when_it_is_asked_for(table: Table) -> None:
    assert _number(table.find("flights", "3", 0, None)) == "3"


async def test_unknown_models_and_versions_are_not_found(bench: Bench, table: Table) -> None:
    request = tensors(sample_rows(1))
    answer = await bench.ask(request, number="9")
    assert answer.status == 404
    assert "version '9' is not loaded; loaded: 1, 2, 3" in problem(answer)
    other = await bench.scorer.infer("birds", None, b"{}")
    assert other.status == 404
    assert "'birds' is not served here; served: flights" in problem(other)


async def test_nothing_loaded_is_unavailable_and_worth_another_try() -> None:
    answer = await Bench().ask(tensors(sample_rows(1)))
    assert answer.status == 503
    assert dict(answer.headers)["retry-after"] == "1"
