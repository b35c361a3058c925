"""A window is measured once (R046, R105, R106), and its labels are joined once (R047)."""

from datetime import timedelta

import pytest

from services.monitoring.policy import (
    DeadlineKnown,
    Monitoring,
    Open,
    WindowKnown,
    decide_after_failure,
    decide_deadline,
    decide_folded,
    decide_job,
)
from services.monitoring.windows import part_key
from shared.events import (
    ActionFailed,
    DeadlineReached,
    DriftMeasured,
    FeatureDrift,
    JobEnded,
    JobRef,
    PerformanceMeasured,
    PerformanceRequested,
    QualityMeasured,
    RowsMissed,
    Window,
    WindowFolded,
    canonical,
)
from shared.packages.performance import PerformanceReport, PerformanceRequestBody
from shared.ports import CommandJob, JobState
from shared.reactor import (
    CancelJob,
    Decision,
    JobKnown,
    JobWatch,
    KeepEvidence,
    Known,
    Publish,
    RemindAt,
    SubmitJob,
    job_name,
)
from tests.support.builders import CAUSE, NOW, digest, endpoint_ref, facts, package_ref, policy_document, workspace

POLICY = policy_document(
    monitoring={"idle_s": 30, "labels_after_s": 60, "min_rows": 100, "min_labels": 100, "timeout_s": 600},
    staging={"look_every_s": 5, "environment": "sluice-jobs:1", "compute": "cpu"},
)
ENDPOINT, PACKAGE = endpoint_ref(), package_ref()
WINDOW = Window(start=NOW - timedelta(days=7), end=NOW)
KEY = part_key(PACKAGE, WINDOW)
FOLDED = WindowFolded(endpoint=ENDPOINT, package=PACKAGE, window=WINDOW, partition=0, rows=600, profile=digest())
TEMP = FeatureDrift(name="temp", psi=0.4, js=0.2, null_rate=0, reference_null_rate=0)
CHANCE = TEMP.model_copy(update={"name": "probability"})
PROFILE = {"reference": digest("f"), "rows": 1200, "columns": {}}
KEPT = KeepEvidence(body=canonical(PROFILE))
WHOLE = WindowKnown(complete=True, rows=1200, profile=PROFILE, reference_rows=1000, features=(TEMP,), prediction=CHANCE)
JOB = JobRef(workspace=workspace("production"), name=job_name("monitoring", CAUSE))
OPEN = Open(endpoint=ENDPOINT, package=PACKAGE, window=WINDOW)
FOLDING = Monitoring(windows={KEY: OPEN})
COUNTED = {KEY: 1200}
AWAITING = Monitoring(windows={KEY: OPEN.model_copy(update={"stage": "labels"})}, measured=(KEY,), counted=COUNTED)
GIVEN_UP = timedelta(seconds=600 + 60)


def joining(looks: int = 0) -> Monitoring:
    watch = JobWatch(job=JOB, give_up_at=NOW + GIVEN_UP, looks=looks)
    under_way = OPEN.model_copy(update={"stage": "joining", "watch": watch})
    return Monitoring(windows={KEY: under_way}, measured=(KEY,), counted=COUNTED)


JOINING = joining()
DONE = Monitoring(measured=(KEY,), counted=COUNTED)
MEASURED = [
    KEPT,
    Publish(
        event=DriftMeasured(
            endpoint=ENDPOINT, package=PACKAGE, window=WINDOW, rows=1200, features=(TEMP,), prediction=CHANCE,
            profile=KEPT.digest,
        )
    ),
    Publish(
        event=QualityMeasured(
            endpoint=ENDPOINT, package=PACKAGE, window=WINDOW, rows=1200, null_rates={}, out_of_range_rates={},
            unseen_category_rates={},
        )
    ),
    RemindAt(about=f"labels:{KEY}", at=NOW + timedelta(seconds=60)),
]  # fmt: skip
REPORT = PerformanceReport(
    endpoint=ENDPOINT, package=PACKAGE, window=WINDOW, captured=1200, rows=1100,
    metrics={"roc_auc": 0.7}, baseline={"roc_auc": 0.75},
)  # fmt: skip


def reminder(about: str) -> DeadlineReached:
    return DeadlineReached(service="monitoring", about=str(ENDPOINT.entity), key=f"{about}:{KEY}", at=NOW)


def test_a_window_that_all_partitions_have_passed_is_measured_at_once() -> None:
    assert decide_folded(Monitoring(), facts(WHOLE), FOLDED, POLICY) == Decision(AWAITING, MEASURED)


def test_a_window_that_other_partitions_may_add_to_waits_for_them_but_not_for_ever() -> None:
    decision = decide_folded(Monitoring(), facts(WindowKnown(rows=600)), FOLDED, POLICY)
    assert decision == Decision(FOLDING, [RemindAt(about=f"idle:{KEY}", at=NOW + timedelta(seconds=30))])
    assert decide_folded(FOLDING, facts(WindowKnown(rows=600)), FOLDED, POLICY) == Decision(FOLDING)
    assert decide_folded(FOLDING, facts(WHOLE), FOLDED, POLICY) == Decision(AWAITING, MEASURED)


def test_an_idle_window_is_measured_with_what_there_is() -> None:
    known = DeadlineKnown(window=WHOLE.model_copy(update={"complete": False}))
    assert decide_deadline(FOLDING, facts(known), reminder("idle"), POLICY) == Decision(AWAITING, MEASURED)


def test_a_measured_window_of_which_nothing_new_is_known_is_not_measured_again() -> None:
    of_an_earlier_build = Monitoring(measured=(KEY,))
    for state in (DONE, AWAITING, JOINING, of_an_earlier_build):
        assert decide_folded(state, facts(WHOLE), FOLDED, POLICY) == Decision(state)


def test_a_lagging_partitions_part_of_a_measured_window_has_it_measured_again() -> None:
    """A partition was behind: half of the window was measured, and the other half dropped without a word."""
    half = WHOLE.model_copy(update={"rows": 600, "complete": False})
    first = decide_deadline(FOLDING, facts(DeadlineKnown(window=half)), reminder("idle"), POLICY)
    assert first.state.counted == {KEY: 600}
    assert decide_folded(first.state, facts(WHOLE), FOLDED, POLICY) == Decision(AWAITING, MEASURED)
    still_behind = decide_folded(DONE.model_copy(update={"counted": {KEY: 600}}), facts(half_more()), FOLDED, POLICY)
    assert still_behind.effects == [RemindAt(about=f"idle:{KEY}", at=NOW + timedelta(seconds=30))]


def half_more() -> WindowKnown:
    return WindowKnown(rows=900)


def test_a_part_that_comes_after_the_others_were_forgotten_is_told() -> None:
    """What is left would be measured as if it were the whole."""
    decision = decide_folded(DONE, facts(WHOLE.model_copy(update={"rows": 600})), FOLDED, POLICY)
    (told,) = decision.effects
    assert isinstance(told, Publish)
    assert isinstance(told.event, RowsMissed)
    assert (decision.state, told.event.rows, told.event.of) == (DONE, 600, 1800)


@pytest.mark.parametrize(
    "known",
    [
        WHOLE.model_copy(update={"rows": 99}),
        WHOLE.model_copy(update={"reference_rows": 999}),
        WindowKnown(complete=True, rows=500),
    ],
)
def test_too_few_rows_or_no_reference_measure_nothing(known: WindowKnown) -> None:
    """U23."""
    assert decide_folded(Monitoring(), facts(known), FOLDED, POLICY) == Decision(
        DONE.model_copy(update={"counted": {KEY: known.rows}})
    )


def test_without_performance_the_window_ends_with_its_measurements() -> None:
    policy = policy_document(monitoring={"min_rows": 100, "performance": False})
    assert decide_folded(Monitoring(), facts(WHOLE), FOLDED, policy) == Decision(DONE, MEASURED[:3])


def test_when_labels_should_be_in_a_job_joins_them() -> None:
    decision = decide_deadline(AWAITING, facts(DeadlineKnown()), reminder("labels"), POLICY)
    request = PerformanceRequestBody(endpoint=ENDPOINT, package=PACKAGE, window=WINDOW)
    keep = KeepEvidence(body=request.model_dump_json().encode())
    work = CommandJob(
        command=f"python -m function_app.jobs performance --request {keep.digest}",
        environment="sluice-jobs:1", compute="cpu",
    )  # fmt: skip
    asked = PerformanceRequested(endpoint=ENDPOINT, package=PACKAGE, window=WINDOW, job=JOB)
    assert decision == Decision(
        JOINING,
        [
            RemindAt(about=f"join:{KEY}", at=NOW + timedelta(seconds=5)),
            keep,
            SubmitJob(job=JOB, work=work, experiment="performance", timeout=timedelta(seconds=600)),
            Publish(event=asked),
        ],
    )


PERFORMED = Publish(
    event=PerformanceMeasured(
        endpoint=ENDPOINT, package=PACKAGE, window=WINDOW, rows=1100, metrics={"roc_auc": 0.7},
        baseline={"roc_auc": 0.75}, evidence=digest("e"),
    )
)  # fmt: skip


def test_a_joined_window_is_reported_by_event_or_by_reminder_alone() -> None:
    known = JobKnown[PerformanceReport](state="completed", evidence=digest("e"), report=REPORT)
    ended = JobEnded(job=JOB, status="completed")
    assert decide_job(JOINING, facts(known), ended, POLICY) == Decision(DONE, [PERFORMED])
    by_reminder = decide_deadline(JOINING, facts(DeadlineKnown(join=known)), reminder("join"), POLICY)
    assert by_reminder == Decision(DONE, [PERFORMED])
    assert decide_job(DONE, facts(known), ended, POLICY) == Decision(DONE)


def test_too_few_labels_report_nothing() -> None:
    known = JobKnown[PerformanceReport](
        state="completed", evidence=digest("e"), report=REPORT.model_copy(update={"rows": 99})
    )
    assert decide_job(JOINING, facts(known), JobEnded(job=JOB, status="completed"), POLICY) == Decision(DONE)


@pytest.mark.parametrize("job", ["failed", "canceled", "not_responding"])
def test_a_join_that_failed_is_given_up(job: JobState) -> None:
    known = DeadlineKnown(join=JobKnown(state=job))
    assert decide_deadline(JOINING, facts(known), reminder("join"), POLICY) == Decision(DONE)


@pytest.mark.parametrize("job", ["running", "absent"])
def test_a_join_that_may_still_end_is_looked_at_again_until_its_time_is_over(job: JobState) -> None:
    known = DeadlineKnown(join=JobKnown(state=job))
    again = decide_deadline(JOINING, facts(known), reminder("join"), POLICY)
    assert again == Decision(joining(looks=1), [RemindAt(about=f"join:{KEY}", at=NOW + timedelta(seconds=5))])
    late = facts(known, after=GIVEN_UP)
    assert decide_deadline(JOINING, late, reminder("join"), POLICY) == Decision(DONE, [CancelJob(job=JOB)])


@pytest.mark.parametrize("about", ["idle", "labels", "join"])
def test_a_needless_reminder_changes_nothing(about: str) -> None:
    for state in (Monitoring(), DONE):
        assert decide_deadline(state, facts(DeadlineKnown()), reminder(about), POLICY) == Decision(state)


def failure(effect: str) -> ActionFailed:
    about = str(ENDPOINT.entity)
    return ActionFailed(service="monitoring", about=about, decision="d", effect=effect, reason="patience is over")


@pytest.mark.parametrize(
    ("state", "about", "after_s", "after"),
    [(FOLDING, "idle", 30, FOLDING), (AWAITING, "labels", 60, AWAITING), (JOINING, "join", 5, joining(looks=1))],
)
def test_a_window_is_looked_at_again_after_a_failure(
    state: Monitoring, about: str, after_s: int, after: Monitoring
) -> None:
    """Else an outage longer than the reactor's patience would leave it open for ever."""
    remind = RemindAt(about=f"{about}:{KEY}", at=NOW + timedelta(seconds=after_s))
    assert decide_after_failure(state, facts(Known()), failure("gather"), POLICY) == Decision(after, [remind])


def test_windows_that_nobody_can_be_reminded_of_are_given_up() -> None:
    decision = decide_after_failure(JOINING, facts(Known()), failure("remind_at"), POLICY)
    assert decision == Decision(DONE)


def test_a_failure_with_nothing_under_way_changes_nothing() -> None:
    assert decide_after_failure(DONE, facts(Known()), failure("publish"), POLICY) == Decision(DONE, [])
