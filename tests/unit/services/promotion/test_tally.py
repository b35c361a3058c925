"""What happened during a step: restarts, newcomers and the departed add up to what was really asked."""

from hypothesis import given
from hypothesis import strategies as st

from services.promotion.policy.tally import Measured, Tally, begun, counted_of, slow_bound_us
from shared.events import VersionReport
from tests.support.builders import package_ref
from tests.unit.services.promotion.material import tally

PACKAGE = package_ref("2", "b")


def report(answered: int = 0, **latency_us: int) -> VersionReport:
    histogram = {name.removeprefix("us_"): count for name, count in latency_us.items()}
    return VersionReport(package=PACKAGE, requests=answered, rows=answered, latency_us=histogram or {"1000": answered})


def test_only_what_the_model_or_we_got_wrong_counts_as_failed() -> None:
    errors = {"invalid": 50, "busy": 20, "model": 3, "internal": 2}
    counted = Tally.of(VersionReport(package=PACKAGE, requests=75, rows=0, errors=errors), 1000)
    assert (counted.failed, counted.requests) == (5, 5)


def test_answers_beyond_the_bound_are_slow() -> None:
    counted = Tally.of(report(us_1000=7, us_1500=2, us_inf=1), 1000)
    assert (counted.answered, counted.slow) == (10, 3)


def test_the_bound_follows_the_champion_and_is_never_below_the_floor() -> None:
    champion = [report(us_10000=90, us_20000=10), report(us_10000=100)]
    assert slow_bound_us(champion, 0.95, 1.5, 5000) == 15_000
    assert slow_bound_us(champion, 0.99, 1.6, 5000) == 50_000, "rounded up to a bound that the histogram has"
    assert slow_bound_us(champion, 0.95, 1.5, 30_000) == 30_000
    assert slow_bound_us([], 0.95, 1.5, 10_000) == 10_000


def test_an_instance_that_started_again_is_counted_from_its_start() -> None:
    measured = begun({"a": {PACKAGE.digest: tally(100)}}, 1000).after({"a": {PACKAGE.digest: tally(150)}})
    assert measured.after({"a": {PACKAGE.digest: tally(30)}}).of(PACKAGE.digest) == tally(80)


def test_what_an_instance_did_before_it_went_away_stays_counted_and_is_not_counted_twice() -> None:
    measured = begun({}, 1000).after({"a": {PACKAGE.digest: tally(40)}}).after({})
    assert measured.of(PACKAGE.digest) == tally(40)
    assert measured.after({"a": {PACKAGE.digest: tally(50)}}).of(PACKAGE.digest) == tally(50)


def test_counts_over_other_bins_do_not_spoil_the_rest() -> None:
    measured = begun({"a": {PACKAGE.digest: tally(10, predictions=(5, 5))}}, 1000)
    after = measured.after({"a": {PACKAGE.digest: tally(20, predictions=(9, 9, 2))}})
    assert after.of(PACKAGE.digest).answered == 10


_LIVES = st.lists(st.lists(st.lists(st.integers(0, 50), max_size=4), min_size=1, max_size=3), min_size=1, max_size=4)


@given(_LIVES, st.integers(0, 3))
def test_however_often_instances_start_again_and_are_looked_at_all_requests_of_the_step_are_there(
    lives: list[list[list[int]]], looks_missed: int
) -> None:
    """By instance, by life, requests between two reports. A life that nobody saw end is short by what it kept back."""
    measured, expected = Measured(slow_us=1000), 0
    for number, life in enumerate(lives):
        for incarnation, batches in enumerate(life):
            total = 0
            for index, batch in enumerate(batches):
                total += batch
                is_last = index == len(batches) - 1
                if is_last or index % (looks_missed + 1) == 0:
                    name = f"instance-{number}-{incarnation}"
                    measured = measured.after(counted_of({name: [report(total)]}, 1000))
            expected += total
    assert measured.of(PACKAGE.digest).answered == expected
