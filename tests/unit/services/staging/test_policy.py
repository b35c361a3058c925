"""Every outcome of a staging run: nothing that keeps the suite from judging counts as failed (R033-R040)."""

import hashlib
from datetime import timedelta

import pytest

from services.staging.policy import (
    ChampionKnown,
    Staging,
    decide_after_failure,
    decide_after_supersession,
    decide_job,
    decide_start,
)
from shared.events import (
    ActionFailed,
    ActionSuperseded,
    CheckResult,
    DeadlineReached,
    JobEnded,
    JobRef,
    PackageRef,
    StagingFailed,
    StagingInconclusive,
    StagingPassed,
    StagingRequested,
    StagingStarted,
)
from shared.events.staging import Verdict
from shared.packages import StagingReport, StagingRequestBody, SuiteLimits
from shared.reactor import (
    CancelJob,
    Decision,
    JobKnown,
    KeepEvidence,
    Known,
    Publish,
    RemindAt,
    SendNotice,
    SubmitJob,
    job_name,
)
from tests.support.builders import (
    CAUSE,
    NOW,
    digest,
    endpoint_ref,
    facts,
    job_ref,
    package_ref,
    policy_document,
    workspace,
)

POLICY = policy_document(staging={"timeout_s": 600, "look_every_s": 30})
JOB = JobRef(workspace=workspace("staging"), name=job_name("staging", CAUSE))
CHAMPION = package_ref("0", "c")
REQUEST = StagingRequested(candidate=package_ref(), endpoint=endpoint_ref(), requested_by="dana@example.com")
CHECKS = (CheckResult(name="golden_rows", verdict="passed", measured=1e-7, limit=1e-4),)
PAST_ALL = timedelta(seconds=661)
RUNNING_STATES = ("absent", "running")


def started(champion: PackageRef | None = CHAMPION) -> Decision[Staging]:
    return decide_start(Staging(), facts(ChampionKnown(champion=champion)), REQUEST, POLICY)


RUNNING = started().state
FINISHED = RUNNING.model_copy(update={"status": "finished", "watch": None, "outcome": "mlops.staging.passed"})
STATES = [Staging(), RUNNING, FINISHED]


def report(verdict: Verdict = "passed", candidate: PackageRef | None = None) -> StagingReport:
    return StagingReport(
        verdict=verdict,
        reason="as measured",
        candidate=candidate or package_ref(),
        champion=CHAMPION,
        endpoint=endpoint_ref(),
        limits=SuiteLimits(),
        checks=CHECKS,
        rows=900,
        profile=digest("f"),
    )


def ended(**known: object) -> JobKnown[StagingReport]:
    return JobKnown[StagingReport].model_validate({"state": "completed", "evidence": digest("e"), **known})


def look() -> DeadlineReached:
    return DeadlineReached(service="staging", about=str(package_ref().model.entity), key="look", at=NOW)


def job_ended(job: JobRef = JOB) -> JobEnded:
    return JobEnded(job=job, status="completed")


def test_a_request_keeps_its_body_starts_the_job_says_so_and_looks_again() -> None:
    keep, submit, publish, remind = started().effects
    assert isinstance(keep, KeepEvidence)
    body = StagingRequestBody.model_validate_json(keep.body)
    assert (body.candidate, body.champion, body.endpoint) == (package_ref(), CHAMPION, endpoint_ref())
    assert isinstance(submit, SubmitJob)
    assert submit.job == JOB
    assert getattr(submit.work, "command", "") == (
        f"python -m function_app.jobs staging --request {hashlib.sha256(keep.body).hexdigest()}"
    )
    assert submit.timeout == timedelta(seconds=600)
    assert isinstance(publish, Publish)
    assert publish.event == StagingStarted(
        candidate=package_ref(), endpoint=endpoint_ref(), requested_by="dana@example.com", job=JOB, champion=CHAMPION
    )
    assert remind == RemindAt(about="look", at=NOW + timedelta(seconds=5))


def test_the_job_runs_in_the_staging_workspace_which_is_not_production() -> None:
    assert JOB.workspace == workspace("staging") != endpoint_ref().workspace


def test_a_first_version_is_judged_without_a_champion() -> None:
    keep = started(champion=None).effects[0]
    assert isinstance(keep, KeepEvidence)
    assert StagingRequestBody.model_validate_json(keep.body).champion is None


def test_a_candidate_that_is_being_judged_is_not_judged_twice_at_once() -> None:
    again = decide_start(RUNNING, facts(ChampionKnown(), event_id="other"), REQUEST, POLICY)
    assert again == Decision(RUNNING)


def test_a_finished_candidate_is_judged_again_when_asked_again() -> None:
    again = decide_start(FINISHED, facts(ChampionKnown(), event_id="other"), REQUEST, POLICY)
    assert again.state.status == "running"
    assert again.state.watch
    assert again.state.watch.job != JOB


def test_other_content_under_the_same_version_leaves_the_old_job_behind() -> None:
    other = REQUEST.model_copy(update={"candidate": package_ref(character="b")})
    decision = decide_start(RUNNING, facts(ChampionKnown(), event_id="other"), other, POLICY)
    assert decision.effects[-1] == CancelJob(job=JOB)
    assert decision.state.watch
    assert decision.state.watch.job != JOB


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [("passed", StagingPassed), ("failed", StagingFailed), ("inconclusive", StagingInconclusive)],
)
@pytest.mark.parametrize("by_look", [True, False])
def test_the_report_decides_whether_the_end_was_heard_or_looked_up(
    verdict: Verdict, expected: type[StagingPassed], by_look: bool
) -> None:
    known = facts(ended(report=report(verdict)), event_id="later")
    decision = decide_job(RUNNING, known, look() if by_look else job_ended(), POLICY)
    assert decision.effects == (
        Publish(
            event=expected(
                candidate=package_ref(),
                endpoint=endpoint_ref(),
                requested_by="dana@example.com",
                champion=CHAMPION,
                evidence=digest("e"),
                profile=digest("f"),
                checks=CHECKS,
                reason="as measured",
            )
        ),
    )
    assert decision.state.status == "finished"


@pytest.mark.parametrize(
    "known",
    [
        JobKnown(state="failed"),
        JobKnown(state="canceled"),
        JobKnown(state="not_responding"),
        ended(evidence=None),
        ended(problem="the report cannot be read"),
        ended(report=report(candidate=package_ref("9", "9"))),
    ],
)
def test_whatever_kept_the_suite_from_judging_is_inconclusive_with_its_reason(known: JobKnown[StagingReport]) -> None:
    decision = decide_job(RUNNING, facts(known), look(), POLICY)
    (effect,) = decision.effects
    assert isinstance(effect, Publish)
    assert isinstance(effect.event, StagingInconclusive)
    assert effect.event.reason
    assert effect.event.evidence is None


@pytest.mark.parametrize("job_state", RUNNING_STATES)
def test_a_job_that_still_runs_is_looked_after_less_and_less_often(job_state: str) -> None:
    state, pauses = RUNNING, []
    for _ in range(5):
        decision = decide_job(state, facts(ended(state=job_state)), look(), POLICY)
        (effect,) = decision.effects
        assert isinstance(effect, RemindAt)
        pauses.append((effect.at - NOW).total_seconds())
        state = decision.state
    assert pauses == [10, 20, 30, 30, 30]


@pytest.mark.parametrize("job_state", RUNNING_STATES)
def test_a_job_that_takes_too_long_is_given_up_and_cancelled(job_state: str) -> None:
    decision = decide_job(RUNNING, facts(ended(state=job_state), after=PAST_ALL), look(), POLICY)
    publish, cancel = decision.effects
    assert isinstance(publish, Publish)
    assert isinstance(publish.event, StagingInconclusive)
    assert "did not end in time" in publish.event.reason
    assert cancel == CancelJob(job=JOB)
    assert decision.state.status == "finished"


@pytest.mark.parametrize("state", [Staging(), FINISHED])
@pytest.mark.parametrize("known", [JobKnown(), ended(), ended(report=report()), JobKnown(state="failed")])
def test_who_waits_for_no_job_is_not_moved_by_one(state: Staging, known: JobKnown[StagingReport]) -> None:
    assert decide_job(state, facts(known), job_ended(), POLICY) == Decision(state)
    assert decide_job(state, facts(known, after=PAST_ALL), look(), POLICY) == Decision(state)


def test_the_end_of_another_job_changes_nothing() -> None:
    event = job_ended(job_ref("somebody-elses"))
    assert decide_job(RUNNING, facts(JobKnown()), event, POLICY) == Decision(RUNNING)


def failed(effect: str, decision: str = CAUSE) -> ActionFailed:
    about = str(package_ref().model.entity)
    return ActionFailed(service="staging", about=about, decision=decision, effect=effect, reason="no")


@pytest.mark.parametrize("effect", ["keep_evidence", "submit_job", "publish", "remind_at"])
def test_a_suite_that_could_not_be_started_or_looked_after_is_inconclusive(effect: str) -> None:
    decision = decide_after_failure(RUNNING, facts(Known(), event_id="later"), failed(effect), POLICY)
    publish, cancel = decision.effects
    assert isinstance(publish, Publish)
    assert isinstance(publish.event, StagingInconclusive)
    assert publish.event.reason == f"{effect}: no"
    assert cancel == CancelJob(job=JOB)
    assert decision.state.status == "finished"


def test_a_verdict_that_could_not_be_published_is_told_to_people_once() -> None:
    first = decide_after_failure(FINISHED, facts(Known(), event_id="later"), failed("publish"), POLICY)
    assert first.effects
    assert all(isinstance(effect, SendNotice) and effect.severity == "error" for effect in first.effects)
    again = failed("send_notice", decision="later")
    assert not decide_after_failure(first.state, facts(Known()), again, POLICY).effects


@pytest.mark.parametrize("state", STATES)
def test_a_late_failure_of_an_older_decision_changes_nothing(state: Staging) -> None:
    late = failed("submit_job", decision="older")
    assert decide_after_failure(state, facts(Known()), late, POLICY) == Decision(state)


def test_a_running_job_that_nothing_could_be_found_out_about_is_looked_after_until_it_is_time_to_give_up() -> None:
    blind = failed("gather", decision="the look that failed")
    decision = decide_after_failure(RUNNING, facts(Known(), event_id="later"), blind, POLICY)
    assert decision.effects == (RemindAt(about="look", at=NOW + timedelta(seconds=10)),)
    last = decide_after_failure(RUNNING, facts(Known(), event_id="later", after=PAST_ALL), blind, POLICY)
    assert isinstance(last.effects[0], Publish)
    assert isinstance(last.effects[0].event, StagingInconclusive)
    assert last.state.status == "finished"


def test_a_request_that_could_not_even_be_prepared_is_told_to_people() -> None:
    blind = failed("gather", decision="the request")
    decision = decide_after_failure(Staging(), facts(Known()), blind, POLICY)
    assert decision.effects
    assert all(isinstance(effect, SendNotice) and effect.severity == "error" for effect in decision.effects)
    assert decide_after_failure(FINISHED, facts(Known()), blind, POLICY) == Decision(FINISHED)


def test_a_job_that_could_not_be_cancelled_changes_nothing() -> None:
    assert decide_after_failure(FINISHED, facts(Known()), failed("cancel_job"), POLICY) == Decision(FINISHED)


@pytest.mark.parametrize("state", STATES)
def test_nothing_follows_from_a_supersession(state: Staging) -> None:
    fields = failed("submit_job").model_dump()
    assert decide_after_supersession(state, facts(Known()), ActionSuperseded(**fields), POLICY) == Decision(state)
