"""With the limits as shipped, noise retrains nothing: small samples, data faults, predictions of training rows."""

from datetime import timedelta

import numpy as np
import pytest

from services.drift.policy import Findings, decide_measured, decide_performance
from services.monitoring.limits import MonitoringLimits
from services.monitoring.policy import Monitoring, Open, decide_job
from services.monitoring.windows import part_key
from shared.events import DriftMeasured, FeatureDrift, JobEnded, PerformanceMeasured, RetrainingRequested, Window
from shared.packages.performance import PerformanceReport
from shared.profiles import psi
from shared.profiles.categorical import CategoricalReference
from shared.profiles.numeric import NumericReference
from shared.reactor import Effect, JobKnown, JobWatch, Known, Publish
from tests.support.builders import NOW, digest, endpoint_ref, facts, job_ref, package_ref, policy_document

POLICY = policy_document()
WINDOWS = MonitoringLimits()
ENDPOINT, PACKAGE = endpoint_ref(), package_ref()
SMALL = FeatureDrift(name="probability", psi=0.001, js=0.01, null_rate=0, reference_null_rate=0)


def window(number: int) -> Window:
    start = NOW + timedelta(seconds=number * WINDOWS.window_s)
    return Window(start=start, end=start + timedelta(seconds=WINDOWS.window_s))


def retrains(effects: list[Effect]) -> int:
    return sum(isinstance(each, Publish) and isinstance(each.event, RetrainingRequested) for each in effects)


def measured(number: int, *features: FeatureDrift, prediction: FeatureDrift = SMALL) -> DriftMeasured:
    return DriftMeasured(
        endpoint=ENDPOINT, package=PACKAGE, window=window(number), rows=1000, features=features, prediction=prediction,
        profile=digest(),
    )  # fmt: skip


def retrained(events: list[DriftMeasured]) -> int:
    state, found = Findings(), 0
    for event in events:
        decision = decide_measured(state, facts(Known()), event, POLICY)
        state, found = decision.state, found + retrains(list(decision.effects))
    return found


def test_twenty_unchanged_features_at_the_least_sizes_never_retrain() -> None:
    """Reference and windows as small as they may be, ten quantile bins each."""
    random = np.random.default_rng(20260302)
    n, m = WINDOWS.min_reference_rows, WINDOWS.min_rows
    even = np.full(10, 0.1)
    for _ in range(10):
        references = random.multinomial(n, even, size=20)
        events = []
        for number in range(60):
            counts = random.multinomial(m, even, size=20)
            features = [
                SMALL.model_copy(update={"name": f"x{index}", "psi": psi(expected, actual)})
                for index, (expected, actual) in enumerate(zip(references, counts, strict=True))
            ]
            events.append(measured(number, *features))
        assert retrained(events) == 0


def test_predictions_of_training_rows_are_told_and_do_not_retrain() -> None:
    """A forest knows its training rows by heart: 1.7 apart from new rows though nothing changed."""
    forest = SMALL.model_copy(update={"psi": 1.7})
    assert retrained([measured(number, prediction=forest) for number in range(10)]) == 0


def test_a_column_that_is_missing_or_withheld_does_not_retrain_and_one_that_moved_does() -> None:
    withheld = FeatureDrift(name="x", psi=12.8, js=1, null_rate=1, reference_null_rate=0)
    assert retrained([measured(number, withheld) for number in range(10)]) == 0
    moved = withheld.model_copy(update={"null_rate": 0})
    assert retrained([measured(number, moved) for number in range(10)]) == 1


def auc(positives: np.ndarray, negatives: np.ndarray) -> float:
    """Share of pairs in order (Mann-Whitney)."""
    ranks = np.argsort(np.argsort(np.concatenate([positives, negatives]))) + 1
    above = ranks[: len(positives)].sum() - len(positives) * (len(positives) + 1) / 2
    return float(above / (len(positives) * len(negatives)))


def published(rows: int, metric: float) -> list[PerformanceMeasured]:
    """What monitoring makes of a join with so many labelled rows."""
    job, over = job_ref(), window(1)
    watch = JobWatch(job=job, give_up_at=NOW)
    joining = Open(endpoint=ENDPOINT, package=PACKAGE, window=over, stage="joining", watch=watch)
    report = PerformanceReport(
        endpoint=ENDPOINT, package=PACKAGE, window=over, captured=rows, rows=rows, metrics={"roc_auc": metric},
        baseline={"roc_auc": 0.7602},
    )  # fmt: skip
    known = JobKnown[PerformanceReport](state="completed", evidence=digest(), report=report)
    state = Monitoring(windows={part_key(PACKAGE, over): joining})
    effects = decide_job(state, facts(known), JobEnded(job=job, status="completed"), POLICY).effects
    return [each.event for each in effects if isinstance(each, Publish) and isinstance(each.event, PerformanceMeasured)]


@pytest.mark.parametrize("rows", [200, 500, 1000, 5000])
@pytest.mark.parametrize("prevalence", [0.22, 0.05])
def test_an_unchanged_model_is_never_retrained_for_its_performance(rows: int, prevalence: float) -> None:
    """Scores of both classes are one apart and normal: ROC AUC is 0.76 in truth, whatever a small sample says."""
    random = np.random.default_rng(int(rows + 1000 * prevalence))
    for _ in range(20):
        state, found = Findings(), 0
        for number in range(60):
            positives = max(int(random.binomial(rows, prevalence)), 1)
            metric = auc(random.normal(1, 1, positives), random.normal(0, 1, rows - positives))
            for event in published(rows, metric):
                event = event.model_copy(update={"window": window(number)})
                decision = decide_performance(state, facts(Known()), event, POLICY)
                state, found = decision.state, found + retrains(list(decision.effects))
        assert found == 0


def distance_of(reference: CategoricalReference | NumericReference, cells: object) -> FeatureDrift:
    counts = reference.fold(cells)  # type: ignore[arg-type]
    value = psi(reference.expected(), reference.buckets(counts))  # type: ignore[arg-type]
    return SMALL.model_copy(update={"name": "x", "psi": value})


def test_ids_with_a_long_tail_of_which_some_are_always_new_do_not_retrain() -> None:
    """Zipf(1.3): every tenth cell of a new sample has an id that the reference has not, though nothing changed."""
    random = np.random.default_rng(6)
    reference = CategoricalReference.build([str(each) for each in random.zipf(1.3, 5000)])
    windows = ([str(each) for each in random.zipf(1.3, 5000)] for _ in range(6))
    assert retrained([measured(number, distance_of(reference, cells)) for number, cells in enumerate(windows)]) == 0


def test_a_category_that_nobody_had_and_many_have_now_still_retrains() -> None:
    reference = CategoricalReference.build(["a", "b"] * 2500)
    cells = ["a", "b", "c", "c"] * 1250
    assert retrained([measured(number, distance_of(reference, cells)) for number in range(6)]) == 1


@pytest.mark.parametrize("change", [0.001, 0.01, -0.01, 0.2])
def test_another_rounding_of_few_distinct_values_does_not_retrain(change: float) -> None:
    """1, 2, 3 that come as 1.001, 2.001, 3.001: cells lay on the edges and fell on their other side."""
    cells = np.random.default_rng(7).integers(1, 6, 5000).astype(float)
    reference = NumericReference.build(cells.tolist(), 10)
    other = np.clip(cells + change, 1, 5)
    assert retrained([measured(number, distance_of(reference, other)) for number in range(6)]) == 0


def test_a_window_in_two_around_the_limit_retrains_once() -> None:
    beyond, below = SMALL.model_copy(update={"psi": 0.26}), SMALL.model_copy(update={"psi": 0.24})
    assert retrained([measured(number, below if number % 2 else beyond) for number in range(14)]) == 1


def test_a_breach_of_years_ago_confirms_nothing() -> None:
    beyond = SMALL.model_copy(update={"psi": 0.5})
    assert retrained([measured(0, beyond), measured(156, beyond)]) == 0
    assert retrained([measured(0, beyond), measured(2, beyond)]) == 1
