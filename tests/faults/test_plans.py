"""The plan of a campaign: complete, replayable, and as large as it was asked for."""

import inspect

import pytest

from tests.faults.adapters import ADAPTERS
from tests.faults.plans import EVERY, LEFT_OUT, STEPS, outages_of, plan_of


def calls_of(port: str) -> set[str]:
    """Every coroutine method by which this port's adapter may be called."""
    methods = inspect.getmembers(ADAPTERS[port], lambda member: inspect.isfunction(member))
    waits = (inspect.iscoroutinefunction, inspect.isasyncgenfunction)
    return {f"{port}.{each}" for each, method in methods if each[0] != "_" and any(is_it(method) for is_it in waits)}


def test_every_call_of_control_is_died_at_or_says_why_not() -> None:
    calls = set().union(*map(calls_of, ADAPTERS))
    assert calls == {*STEPS, *LEFT_OUT}
    assert not {*STEPS} & {*LEFT_OUT}


def test_a_plan_follows_from_its_seed() -> None:
    assert plan_of(200, 1) == plan_of(200, 1)
    assert plan_of(200, 1) != plan_of(200, 2)


@pytest.mark.parametrize("faults", [1, 60, 500])
def test_a_plan_is_as_large_as_it_was_asked_for(faults: int) -> None:
    kills, outages = plan_of(faults, 20260302)
    assert faults <= len(kills) + len(outages) <= faults + len(EVERY)
    assert len(set(kills)) == len(kills)


def test_every_kind_of_outage_happens_in_the_short_campaign() -> None:
    assert {outage.kind for outage in outages_of(64, 20260302)} == set(EVERY)
