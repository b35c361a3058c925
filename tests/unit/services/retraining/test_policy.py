"""One retraining at a time, and an end to every one (R051, E4)."""

from datetime import timedelta

import pytest

from services.retraining.effects import RegisterOutput
from services.retraining.policy import (
    LOOK,
    RETRY,
    Retraining,
    TrainingKnown,
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
    RetrainingRefused,
    RetrainingRequested,
    RetrainingStarted,
)
from shared.policies import PolicyDocument
from shared.ports import JobState, PipelineJob
from shared.reactor import CancelJob, Decision, JobWatch, Known, Publish, RemindAt, SubmitJob, job_name
from tests.support.builders import CAUSE, INVENTORY, NOW, endpoint_ref, facts, policy_document, workspace

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
GIVEN_UP = timedelta(seconds=600 + 60)
RUNNING = Retraining(
    status="running", request=REQUEST, job=JOB, watch=JobWatch(job=JOB, give_up_at=NOW + GIVEN_UP), started_at=NOW,
    decision=CAUSE,
)  # fmt: skip
LOOKED = RUNNING.model_copy(update={"watch": JobWatch(job=JOB, give_up_at=NOW + GIVEN_UP, looks=1)})
ENDED = JobEnded(job=JOB, status="completed")
IDLE = RUNNING.model_copy(update={"status": "idle", "watch": None})


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
    started = decide_job(waiting.state, facts(TrainingKnown(), after=timedelta(hours=1)), reminder(RETRY), POLICY)
    assert started.state.status == "running"


@pytest.mark.parametrize("event", [ENDED, reminder(LOOK)])
def test_a_completed_job_registers_its_model_by_event_or_by_reminder_alone(event: JobEnded | DeadlineReached) -> None:
    decision = decide_job(RUNNING, facts(TrainingKnown(state="completed", next_version="7")), event, POLICY)
    model = ModelRef(workspace=workspace(), name="flights", version="7")
    completed = RetrainingCompleted(endpoint=ENDPOINT, model_name="flights", job=JOB, model=model)
    register = RegisterOutput(job=JOB, output="model", model=model, tags={"sluice-requester": "sluice-retraining"})
    assert decision == Decision(IDLE, [register, Publish(event=completed)])
    assert decide_job(decision.state, facts(TrainingKnown(state="completed")), event, POLICY) == Decision(IDLE)


@pytest.mark.parametrize("job", ["failed", "canceled", "not_responding"])
def test_any_other_end_is_a_failure_with_its_reason(job: JobState) -> None:
    decision = decide_job(RUNNING, facts(TrainingKnown(state=job)), ENDED, POLICY)
    assert decision == Decision(IDLE, [failed(f"the job {JOB.name} ended as {job}")])


@pytest.mark.parametrize("job", ["running", "absent"])
@pytest.mark.parametrize("event", [ENDED, reminder(LOOK)])
def test_a_job_that_may_still_end_is_looked_at_again_until_its_time_is_over(
    job: JobState, event: JobEnded | DeadlineReached
) -> None:
    known = TrainingKnown(state=job)
    again = decide_job(RUNNING, facts(known), event, POLICY)
    assert again == Decision(LOOKED, [RemindAt(about=LOOK, at=NOW + timedelta(seconds=5))])
    late = decide_job(RUNNING, facts(known, after=GIVEN_UP), event, POLICY)
    assert late == Decision(IDLE, [failed(f"the job {JOB.name} did not end in time (last: {job})"), CancelJob(job=JOB)])


@pytest.mark.parametrize("state", [Retraining(), IDLE])
def test_late_words_about_a_job_change_nothing(state: Retraining) -> None:
    for event in (ENDED, reminder(LOOK), reminder(RETRY)):
        assert decide_job(state, facts(TrainingKnown(state="completed")), event, POLICY) == Decision(state)


def not_performed(decision: str, effect: str = "submit_job") -> ActionFailed:
    return ActionFailed(
        service="retraining", about=str(ENDPOINT.entity), decision=decision, effect=effect, reason="no such component"
    )


def test_a_refused_submission_ends_this_retraining() -> None:
    decision = decide_not_performed(RUNNING, facts(Known()), not_performed(CAUSE), POLICY)
    assert decision == Decision(IDLE, [failed("submit_job: no such component")])


def test_what_failed_of_an_earlier_retraining_does_not_end_this_one() -> None:
    assert decide_not_performed(RUNNING, facts(Known()), not_performed("earlier"), POLICY) == Decision(RUNNING)


def test_when_azure_ml_could_not_be_asked_it_is_asked_again_and_not_for_ever() -> None:
    blind = not_performed("any", "gather")
    decision = decide_not_performed(RUNNING, facts(Known()), blind, POLICY)
    assert decision == Decision(LOOKED, [RemindAt(about=LOOK, at=NOW + timedelta(seconds=5))])
    late = decide_not_performed(RUNNING, facts(Known(), after=GIVEN_UP), blind, POLICY)
    assert late.state == IDLE
    assert late.effects[-1] == CancelJob(job=JOB)
    assert decide_not_performed(IDLE, facts(Known()), blind, POLICY) == Decision(IDLE)


def of_scenario(scenario: str) -> PolicyDocument:
    """Endpoint `flights` is of this scenario; `tables` is classical."""
    endpoints = {"flights": {"model": "flights", "scenario": scenario}, "tables": {"model": "tables"}}
    return PolicyDocument.model_validate({"inventory": INVENTORY, "endpoints": endpoints})


REFUSED = RetrainingRefused(
    endpoint=ENDPOINT, model_name="flights", reason="models of computer vision and language are never retrained by "
    "themselves (R063, R072)",
)  # fmt: skip


@pytest.mark.parametrize("scenario", ["cv", "nlp"])
@pytest.mark.parametrize("state", [Retraining(), IDLE, RUNNING], ids=["new", "idle", "running"])
def test_nothing_retrains_a_model_of_vision_or_language_whoever_asks(scenario: str, state: Retraining) -> None:
    """R063, R072."""
    decision = decide_requested(state, facts(Known()), REQUEST, of_scenario(scenario))
    assert decision == Decision(state, [Publish(event=REFUSED)])


def test_nor_under_the_name_of_another_endpoint() -> None:
    through = REQUEST.model_copy(update={"endpoint": endpoint_ref("tables")})
    (published,) = decide_requested(Retraining(), facts(Known()), through, of_scenario("cv")).effects
    assert isinstance(published, Publish)
    assert isinstance(published.event, RetrainingRefused)


def test_nor_when_it_became_one_while_the_request_waited() -> None:
    waiting = RUNNING.model_copy(update={"status": "deferred", "watch": None})
    decision = decide_job(waiting, facts(TrainingKnown()), reminder(RETRY), of_scenario("nlp"))
    assert decision == Decision(IDLE, [Publish(event=REFUSED)])
