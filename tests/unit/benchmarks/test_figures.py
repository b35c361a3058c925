"""The table of the scoring benchmark: every comparison has its row, and what was not measured is not met."""

from tests.benchmarks.scoring.figures import BARS, Figures, rows

# The first column of the table of figures, and how many comparisons each line asks for.
COMPARISONS = {
    "1 row JSON, 32 connections, req/s": 4,
    "1 row JSON, 1 connection, p50": 2,
    "p99 at 32 connections": 1,
    "100 rows JSON, 1 connection": 2,
    "binary tensors, 100 rows and an image": 3,
    "cold start to first answer; memory": 2,
    "Functions app through the worker library (local host)": 2,
    "hot swap under full load": 2,
    "capture on against off": 2,
    "p99 with capture on": 2,
}


def test_every_comparison_has_a_row_and_without_measurements_none_is_met() -> None:
    table = rows({})
    counted = {figure: sum(row["figure"] == figure for row in table) for figure in COMPARISONS}
    assert counted == COMPARISONS
    assert len(table) == sum(COMPARISONS.values())
    assert not any(row["met"] for row in table)
    assert all(row.keys() == {"figure", "ours", "against", "ratio", "bar", "met"} for row in table)


def test_labels_tell_the_rows_of_a_figure_apart() -> None:
    assert len({(bar.figure, bar.label) for bar in BARS}) == len(BARS)


def test_a_ratio_is_the_median_of_the_ratios_within_each_round() -> None:
    found: Figures = {"sluice": {"json1_c32_rps": [90, 10, 300]}, "floor_score": {"json1_c32_rps": [100, 10, 100]}}
    row = rows(found)[0]
    assert (row["ratio"], row["met"]) == (1.0, True)


def test_a_limit_judges_the_measure_itself() -> None:
    slow: Figures = {"sluice": {"cold_s": [0.9]}, "floor_score": {"cold_s": [0.9]}}
    fast: Figures = {"sluice": {"cold_s": [0.7]}, "floor_score": {"cold_s": [0.2]}}
    cold = [next(row for row in rows(found) if "cold start" in str(row["against"])) for found in (slow, fast)]
    assert [row["met"] for row in cold] == [False, True]


def test_a_failed_request_during_a_swap_is_a_miss() -> None:
    lost: Figures = {"sluice": {"swap_failed": [0, 0, 1], "normal_failed": [0, 0, 0]}}
    assert not next(row for row in rows(lost) if "failed requests" in str(row["against"]))["met"]
