"""The costs of a month: the formula against hand-made sums, its bars, and the page against the formula."""

import pytest

from tests.benchmarks.control.cost import BARS, PAGE, Deployment, current, month, reckoned
from tests.infra.templates import all_templates

COUNTS = reckoned()


@pytest.mark.parametrize(("events", "most"), BARS.items())
def test_a_month_costs_no_more_than_stated(events: int, most: float) -> None:
    assert month(events, COUNTS).total <= most


def test_an_idle_month_is_the_namespaces_and_what_looks_every_minute() -> None:
    idle = month(0, COUNTS)
    assert idle.executions == COUNTS.timers * 43_200
    assert idle.table_calls == (COUNTS.look + COUNTS.idle) * 43_200 + 8_640, "a heartbeat each five minutes"
    assert idle.usd["namespaces"] == pytest.approx(43.8)
    assert idle.blob_writes == 0


def test_a_batch_saves_executions_and_no_decision() -> None:
    alone, together = (month(100_000, COUNTS, Deployment(batch=(1, 1, size, 1))) for size in (1, 10))
    assert alone.executions - together.executions == pytest.approx(0.9 * 3_000_000 * COUNTS.lanes)
    assert together.table_calls >= 3_000_000 * COUNTS.decision[1]


def test_a_lane_is_never_busier_than_always_nor_than_its_runs() -> None:
    """Ten runs of 0.2 s a second on one instance are two of them at a time: it is paid once."""
    crowded = month(1_000_000, COUNTS, Deployment(batch=(1, 1, 1, 1), memory_gb=1))
    ticks = COUNTS.timers * 43_200
    assert crowded.gb_seconds - ticks == pytest.approx(COUNTS.lanes * 2_592_000, rel=0.01)


def test_the_page_shows_what_the_formula_says() -> None:
    """To bring it up to date: `.venv/bin/python -m tests.benchmarks.control.cost`."""
    page = PAGE.read_text(encoding="utf-8")
    assert current(page) == page


def test_the_memory_is_that_of_the_template() -> None:
    passed = all_templates()["main.bicep"].parameters_of("controlApp")
    assert int(passed["instanceMemoryMB"]) == Deployment().memory_gb * 1024


def test_the_page_knows_how_many_groups_scale_by_themselves() -> None:
    readers, timers = COUNTS.readers, COUNTS.timers
    said = f"Control is {readers + timers} scale groups: {readers} readers of hubs and {timers} timer"
    assert said in PAGE.read_text(encoding="utf-8")
