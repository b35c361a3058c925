"""One retraining at a time, and an end to every one (R051, E4)."""

from datetime import timedelta

import pytest

from services.retraining.effects import RegisterOutput
from services.retraining.policy import (
    LOOK,
    RETRY,
    JobKnown,
    Retraining,
    decide_job,
    decide_not_performed,
    decide_requested,
)
from shared.events import (
    ActionFailed,
    DeadlineReached,
    JobEnded,
    JobRef,
    ModelRef,
    RetrainingCompleted,
    RetrainingDeferred,
    RetrainingFailed,
    RetrainingRequested,
    RetrainingStarted,
)
from shared.ports import JobState, PipelineJob
from shared.reactor import Decision, Known, Publish, RemindAt, SubmitJob, job_name
from tests.support.builders import CAUSE, NOW, endpoint_ref, facts, policy_document, workspace

POLICY = policy_document(
    retraining={
        "component": "train:3",
        "compute": "c",
        "inputs": {"trees": "60"},
        "lookback_s": 86400 * 30,
        "cool_down_s": 3600,
        "timeout_s": 600,
        "look_every_s": 5,
    }
)
ENDPOINT = endpoint_ref()
REQUEST = RetrainingRequested(endpoint=ENDPOINT, model_name="flights", reason="drift", data_until=NOW)
JOB = JobRef(workspace=workspace(), name=job_name("retraining", CAUSE))
RUNNING = Retraining(status="running", request=REQUEST, job=JOB, started_at=NOW, decision=CAUSE)
ENDED = JobEnded(job=JOB, status="completed")
IDLE = RUNNING.model_copy(update={"status": "idle"})


def reminder(key: str) -> DeadlineReached:
    return DeadlineReached(service="retraining", about=str(ENDPOINT.entity), key=key, at=NOW)


def failed(reason: str) -> Publish:
    return Publish(event=RetrainingFailed(endpoint=ENDPOINT, model_name="flights", job=JOB, reason=reason))


def test_a_request_submits_the_teams_component_with_the_dates_that_policy_gives() -> None:
    decision = decide_requested(Retraining(), facts(Known()), REQUEST, POLICY)
    inputs = {"trees": "60", "data_from": "2026-01-31", "data_until": "2026-03-02"}
    work = PipelineJob(component="train:3", compute="c", inputs=inputs, output="model")
    assert decision.state == RUNNING
    assert decision.effects == [
        SubmitJob(job=JOB, work=work, experiment="retraining", timeout=timedelta(seconds=600)),
        Publish(event=RetrainingStarted(endpoint=ENDPOINT, model_name="flights", job=JOB)),
        RemindAt(about=LOOK, at=NOW + timedelta(seconds=5)),
    ]


def test_a_request_while_one_runs_is_put_off_and_said() -> None:
    decision = decide_requested(RUNNING, facts(Known()), REQUEST, POLICY)
    (deferred,) = decision.effects
    assert decision.state == RUNNING
    assert isinstance(deferred, Publish)
    assert isinstance(deferred.event, RetrainingDeferred)


def test_within_the_cool_down_it_waits_and_then_starts() -> None:
    waiting = decide_requested(IDLE, facts(Known(), after=timedelta(minutes=10)), REQUEST, POLICY)
    rested = NOW + timedelta(hours=1)
    assert waiting.state.status == "deferred"
    assert waiting.effects[-1] == RemindAt(about=RETRY, at=rested)
    started = decide_job(waiting.state, facts(JobKnown(), after=timedelta(hours=1)), reminder(RETRY), POLICY)
    assert started.state.status == "running"


@pytest.mark.parametrize("event", [ENDED, reminder(LOOK)])
def test_a_completed_job_registers_its_model_by_event_or_by_reminder_alone(event: JobEnded | DeadlineReached) -> None:
    decision = decide_job(RUNNING, facts(JobKnown(job="completed", next_version="7")), event, POLICY)
    model = ModelRef(workspace=workspace(), name="flights", version="7")
    completed = RetrainingCompleted(endpoint=ENDPOINT, model_name="flights", job=JOB, model=model)
    register = RegisterOutput(job=JOB, output="model", model=model, tags={"sluice-requester": "sluice-retraining"})
    assert decision == Decision(IDLE, [register, Publish(event=completed)])
    assert decide_job(decision.state, facts(JobKnown(job="completed")), event, POLICY) == Decision(IDLE)


@pytest.mark.parametrize("job", ["failed", "canceled", "not_responding", "absent"])
def test_any_other_end_is_a_failure_with_its_reason(job: JobState) -> None:
    decision = decide_job(RUNNING, facts(JobKnown(job=job)), ENDED, POLICY)
    assert decision == Decision(IDLE, [failed(f"the job ended as {job}")])


def test_a_running_job_is_looked_at_again_until_its_time_is_over() -> None:
    known = JobKnown(job="running")
    again = decide_job(RUNNING, facts(known), reminder(LOOK), POLICY)
    assert again == Decision(RUNNING, [RemindAt(about=LOOK, at=NOW + timedelta(seconds=5))])
    assert decide_job(RUNNING, facts(known), ENDED, POLICY) == Decision(RUNNING, [])
    late = decide_job(RUNNING, facts(known, after=timedelta(seconds=601)), reminder(LOOK), POLICY)
    assert late == Decision(IDLE, [failed("the job did not end within 600 s")])


@pytest.mark.parametrize("state", [Retraining(), IDLE])
def test_late_words_about_a_job_change_nothing(state: Retraining) -> None:
    for event in (ENDED, reminder(LOOK), reminder(RETRY)):
        assert decide_job(state, facts(JobKnown(job="completed")), event, POLICY) == Decision(state)


def not_performed(decision: str, effect: str = "submit_job") -> ActionFailed:
    return ActionFailed(
        service="retraining", about=str(ENDPOINT.entity), decision=decision, effect=effect, reason="no such component"
    )


def test_a_refused_submission_ends_this_retraining() -> None:
    decision = decide_not_performed(RUNNING, facts(Known()), not_performed(CAUSE), POLICY)
    assert decision == Decision(IDLE, [failed("submit_job: no such component")])


def test_what_failed_of_an_earlier_retraining_does_not_end_this_one() -> None:
    assert decide_not_performed(RUNNING, facts(Known()), not_performed("earlier"), POLICY) == Decision(RUNNING)


def test_when_azure_ml_could_not_be_asked_it_is_asked_again() -> None:
    decision = decide_not_performed(RUNNING, facts(Known()), not_performed("any", "gather"), POLICY)
    assert decision == Decision(RUNNING, [RemindAt(about=LOOK, at=NOW + timedelta(seconds=5))])
    assert decide_not_performed(IDLE, facts(Known()), not_performed("any", "gather"), POLICY) == Decision(IDLE)
