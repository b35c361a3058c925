"""Drift is what persists (F07, E4, E5): one window never acts, and what is confirmed is said once."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.drift.policy import Findings, decide_measured, decide_performance, decide_promoted
from shared.events import (
    DriftCleared,
    DriftConfirmed,
    DriftMeasured,
    Event,
    FeatureDrift,
    PackageRef,
    PerformanceMeasured,
    PromotionCompleted,
    RetrainingRequested,
    Window,
)
from shared.policies import PolicyDocument
from shared.reactor import Known, Publish
from tests.support.builders import NOW, digest, endpoint_ref, facts, package_ref, policy_document

POLICY = policy_document(drift={"feature_psi": 0.25, "breaches": 2, "of": 3, "max_performance_loss": 0.05})
SERVED = package_ref("1")


def window(week: int) -> Window:
    start = datetime(2026, 1, 5, tzinfo=NOW.tzinfo) + timedelta(weeks=week)
    return Window(start=start, end=start + timedelta(weeks=1))


def column(name: str, psi: float) -> FeatureDrift:
    return FeatureDrift(name=name, psi=psi, js=0.1, null_rate=0, reference_null_rate=0)


def measured(week: int, psi: float, *, prediction: float = 0.0, package: PackageRef = SERVED) -> DriftMeasured:
    return DriftMeasured(
        endpoint=endpoint_ref(), package=package, window=window(week), rows=1000,
        features=(column("temp", psi), column("hour", 0.01)), prediction=column("probability", prediction),
        profile=digest(),
    )  # fmt: skip


def performed(week: int, roc_auc: float) -> PerformanceMeasured:
    return PerformanceMeasured(
        endpoint=endpoint_ref(), package=SERVED, window=window(week), rows=1000,
        metrics={"roc_auc": roc_auc}, baseline={"roc_auc": 0.75}, evidence=digest(),
    )  # fmt: skip


def said(*events: DriftMeasured, policy: PolicyDocument = POLICY) -> tuple[Findings, list[Event]]:
    """What is published as these measurements come in, one after the other."""
    state, published = Findings(), list[Event]()
    for event in events:
        decision = decide_measured(state, facts(Known()), event, policy)
        state = decision.state
        published += [effect.event for effect in decision.effects if isinstance(effect, Publish)]
    return state, published


def test_one_window_beyond_the_limit_is_not_yet_drift() -> None:
    assert said(measured(1, 0.9))[1] == []


def test_two_of_three_windows_confirm_it_and_ask_for_retraining_on_all_data_so_far() -> None:
    _, (confirmed, retraining) = said(measured(1, 0.9), measured(2, 0.1), measured(3, 0.5))
    assert isinstance(confirmed, DriftConfirmed)
    assert (confirmed.signal, confirmed.columns, confirmed.breaches, confirmed.of) == ("data", ("temp",), 2, 3)
    assert (confirmed.score, confirmed.limit) == (0.9, 0.25)
    assert isinstance(retraining, RetrainingRequested)
    assert retraining.data_until == window(3).end
    assert retraining.reason == "data drift in 2 of 3 windows: temp"


def test_what_is_confirmed_is_not_said_again() -> None:
    assert len(said(*(measured(week, 0.9) for week in range(6)))[1]) == 2


def test_it_is_over_when_no_window_breaches_any_more_and_may_come_again() -> None:
    weeks = [0.9, 0.9, 0.0, 0.0, 0.0, 0.9, 0.9]
    kinds = [type(event) for event in said(*(measured(week, psi) for week, psi in enumerate(weeks)))[1]]
    assert kinds == [DriftConfirmed, RetrainingRequested, DriftCleared, DriftConfirmed, RetrainingRequested]


@pytest.mark.parametrize("action", ["notify", "nothing"])
def test_a_policy_that_does_not_retrain_only_confirms(action: str) -> None:
    policy = policy_document(drift={"action": action})
    kinds = [type(event) for event in said(measured(1, 0.9), measured(2, 0.9), policy=policy)[1]]
    assert kinds == [DriftConfirmed]


@pytest.mark.parametrize("scenario", ["cv", "nlp"])
def test_images_and_text_are_never_retrained_without_a_person(scenario: str) -> None:
    """R063, R072."""
    document = policy_document().model_dump(mode="json")
    document["endpoints"]["flights"]["scenario"] = scenario
    policy = PolicyDocument.model_validate(document)
    assert [type(e) for e in said(measured(1, 0.9), measured(2, 0.9), policy=policy)[1]] == [DriftConfirmed]


def test_prediction_drift_is_a_signal_of_its_own() -> None:
    """R106."""
    confirmed = said(measured(1, 0.0, prediction=0.9), measured(2, 0.0, prediction=0.9))[1][0]
    assert isinstance(confirmed, DriftConfirmed)
    assert (confirmed.signal, confirmed.columns) == ("prediction", ("probability",))


def test_ignored_columns_never_count() -> None:
    policy = policy_document(drift={"ignored": ["temp"]})
    assert said(*(measured(week, 0.9) for week in range(3)), policy=policy)[1] == []


def test_another_package_starts_from_nothing() -> None:
    state, published = said(measured(1, 0.9), measured(2, 0.9, package=package_ref("2", "b")))
    assert published == []
    assert state.package == package_ref("2", "b")


def test_a_promotion_forgets_what_was_found_before() -> None:
    state, _ = said(measured(1, 0.9), measured(2, 0.9))
    promoted = PromotionCompleted(endpoint=endpoint_ref(), package=package_ref("2", "b"), generation=2, instances=1)
    assert decide_promoted(state, facts(Known()), promoted, POLICY).state == Findings(package=package_ref("2", "b"))


def test_lost_performance_confirms_drift() -> None:
    """R047."""
    state = Findings()
    for week, roc_auc in enumerate((0.69, 0.68)):
        decision = decide_performance(state, facts(Known()), performed(week, roc_auc), POLICY)
        state = decision.state
    confirmed = decision.effects[0]
    assert isinstance(confirmed, Publish)
    assert isinstance(confirmed.event, DriftConfirmed)
    assert confirmed.event.score == pytest.approx(0.07)


def test_a_metric_that_was_not_measured_finds_nothing() -> None:
    event = performed(1, 0.5).model_copy(update={"metrics": {}})
    assert decide_performance(Findings(), facts(Known()), event, POLICY).state == Findings()


@given(st.permutations(range(6)), st.lists(st.floats(0, 1), min_size=6, max_size=6))
def test_order_and_repetition_of_the_last_windows_do_not_matter(order: list[int], psis: list[float]) -> None:
    policy = policy_document(drift={"breaches": 3, "of": 6})
    straight, _ = said(*(measured(week, psis[week]) for week in range(6)), policy=policy)
    mixed, _ = said(*(measured(week, psis[week]) for week in [*order, *order]), policy=policy)
    assert mixed.windows == straight.windows
    assert mixed.confirmed == straight.confirmed


@given(st.lists(st.booleans(), min_size=1, max_size=20))
def test_drift_is_never_confirmed_on_fewer_breaches_than_policy_asks(weeks: list[bool]) -> None:
    for event in said(*(measured(week, 0.9 if breach else 0.0) for week, breach in enumerate(weeks)))[1]:
        if isinstance(event, DriftConfirmed):
            assert event.breaches >= 2
            assert len(event.windows) == event.breaches
