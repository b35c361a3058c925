"""What stays in memory after a switch, how long, and what goes first."""

import asyncio
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import to_json

from services.scoring import Answer
from services.scoring.model.version import Version
from services.scoring.model.warmth import Keeping, still_warm
from shared.events import PackageRef
from shared.ports import Route
from tests.support.onnx_models import sample_rows, tensors
from tests.support.scoring import Bench, output, problem

ROW = tensors(sample_rows(1))


async def switch(bench: Bench, to: PackageRef, previous: PackageRef | None = None) -> list[str]:
    """Serve this alone; the versions that are then in memory."""
    await bench.serve(to, previous=Route(package=previous) if previous else None)
    await bench.follower.step()
    return bench.scorer.table.numbers("flights")


async def three(bench: Bench) -> list[PackageRef]:
    return [await bench.adopt(str(number), weight=number) for number in (1, 2, 3)]


async def test_a_version_stays_warm_until_the_rollback_window_ends(bench: Bench) -> None:
    first, second, third = await three(bench)
    assert await switch(bench, second, first) == ["1", "2"]
    bench.clock.advance(timedelta(minutes=40))
    assert await switch(bench, third, second) == ["1", "2", "3"]
    bench.clock.advance(timedelta(minutes=40))
    await bench.follower.step()
    assert bench.scorer.table.numbers("flights") == ["2", "3"]
    bench.clock.advance(timedelta(minutes=40))
    await bench.follower.step()
    assert bench.scorer.table.numbers("flights") == ["3"]
    answer = await bench.ask(ROW, number="2")
    assert (answer.status, problem(answer)) == (404, "model 'flights': version '2' is not loaded; loaded: 3")
    assert (await bench.ask(ROW)).status == 200


async def test_a_rollback_within_the_window_loads_nothing(bench: Bench) -> None:
    first, second, _ = await three(bench)
    before = bench.scorer.table.versions[0]
    await switch(bench, second, first)
    await switch(bench, first, second)
    assert bench.scorer.table.versions[0] is before


async def test_memory_drops_the_coldest_and_the_rollback_target_last() -> None:
    size = (await loaded(Bench())).model_bytes
    bench = Bench(keeping=Keeping(memory_bytes=int(2.5 * size)))
    await loaded(bench)
    first, second, third = await three(bench)
    await switch(bench, second, first)
    bench.clock.advance(timedelta(seconds=1))
    assert await switch(bench, third, first) == ["1", "3"]


async def test_what_the_manifest_routes_to_stays_however_large() -> None:
    bench = Bench(keeping=Keeping(memory_bytes=1))
    await loaded(bench)
    first, second, third = await three(bench)
    mirror = Route(package=third, share=0, mirror=50)
    await bench.serve(Route(package=first, share=99), Route(package=second, share=1), mirror)
    await bench.follower.step()
    await bench.follower.step()
    assert bench.scorer.table.numbers("flights") == ["1", "2", "3"]
    assert await switch(bench, third, first) == ["3"]


async def test_a_request_under_way_is_answered_by_a_version_that_is_let_go(bench: Bench) -> None:
    expected = output(await bench.ask(ROW))
    second = await bench.adopt("2", weight=0.5)
    await switch(bench, second)
    answers: list[Answer] = []
    bench.scorer.submit("flights", "1", to_json(ROW), answers.append)
    bench.clock.advance(timedelta(hours=2))
    await bench.follower.step()
    assert bench.scorer.table.numbers("flights") == ["2"]
    await asyncio.sleep(0)
    assert output(answers[0]) == expected


async def loaded(bench: Bench) -> Version:
    await bench.serve(await bench.adopt())
    await bench.follower.step()
    return bench.scorer.table.versions[0]


@given(
    ages=st.lists(st.integers(0, 200), max_size=6),
    memory=st.integers(1, 10),
    routed=st.integers(0, 6),
    choice=st.integers(0, 6),
)
def test_what_is_kept_is_fresh_fits_and_is_the_warmest(ages: list[int], memory: int, routed: int, choice: int) -> None:
    """Versions of one byte each: a window of 100 s, `memory` bytes, of which `routed` are taken."""
    now = Bench().clock.now()
    versions = [_version() for _ in ages]
    cold = {version: now - timedelta(seconds=age) for version, age in zip(versions, ages, strict=True)}
    previous = versions[choice] if choice < len(versions) else None
    kept = still_warm(cold, routed, previous, now, Keeping(100, memory))
    fresh = [version for version in versions if now - cold[version] < timedelta(seconds=100)]
    assert set(kept) <= set(fresh)
    assert len(kept) == min(len(fresh), max(0, memory - routed))
    if previous in fresh and kept:
        assert previous in kept
    others = [cold[version] for version in kept if version is not previous]
    assert all(cold[v] <= min(others, default=now) for v in fresh if v not in kept)


def _version() -> Version:
    found = object.__new__(Version)
    object.__setattr__(found, "model_bytes", 1)
    return found
