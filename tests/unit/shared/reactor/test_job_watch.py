"""A job that is waited for ends once: by what it left, by how it broke off, or because its time is over."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from shared.adapters.memory import MemoryEvidence, MemoryJobs
from shared.events import DeadlineReached, Event, JobEnded
from shared.policies import JobLimits
from shared.ports import CommandJob, JobRequest
from shared.reactor import Ended, GivenUp, JobKnown, JobWatch, Waits, Watching, ask_after, is_asked, state_of
from tests.support.builders import NOW, digest, job_ref

JOB = job_ref()
LIMITS = JobLimits(timeout_s=600, look_every_s=30)
WORK = CommandJob(command="python -m work", environment="jobs:1", compute="c")
SOON, STEADY = Watching(experiment="e", first_look_s=5), Watching(experiment="e")
WATCH = STEADY.begin(JOB, WORK, LIMITS, NOW)[0]
IN_TIME, TOO_LATE = NOW + timedelta(seconds=659), NOW + timedelta(seconds=660)


class Report(BaseModel):
    rows: int


def known(state: Any, **more: Any) -> JobKnown[Report]:
    return JobKnown[Report](state=state, **more)


GOOD = known("completed", evidence=digest(), report=Report(rows=3))


def test_a_job_is_submitted_with_its_own_time_limit_and_a_first_reminder() -> None:
    watch, submit, remind = STEADY.begin(JOB, WORK, LIMITS, NOW)
    assert (submit.job, submit.work, submit.timeout) == (JOB, WORK, timedelta(seconds=600))
    assert watch == JobWatch(job=JOB, give_up_at=NOW + timedelta(seconds=660))
    assert (remind.about, remind.at) == ("look", NOW + timedelta(seconds=30))


@pytest.mark.parametrize(
    ("found", "ended"),
    [
        (GOOD, Ended(Report(rows=3), digest(), "")),
        (known("completed"), Ended(None, None, f"the job {JOB.name} left no report")),
        (known("completed", problem="no such blob"), Ended(None, None, "no such blob")),
        (known("failed"), Ended(None, None, f"the job {JOB.name} ended as failed", broke_off=True)),
        (
            known("failed", problem="ValueError: x"),
            Ended(None, None, f"the job {JOB.name} ended as failed: ValueError: x", broke_off=True),
        ),
        (known("not_responding"), Ended(None, None, f"the job {JOB.name} ended as not_responding", broke_off=True)),
        (known("canceled"), Ended(None, None, f"the job {JOB.name} ended as canceled")),
    ],
)
def test_a_job_that_ended_has_ended_in_time_or_too_late(found: JobKnown[Report], ended: Ended[Report]) -> None:
    for now in (NOW, TOO_LATE):
        assert STEADY.look(WATCH, found, LIMITS, now) == ended


@pytest.mark.parametrize("state", ["running", "absent"])
def test_what_may_still_end_is_waited_for_until_its_time_is_over_and_then_stopped(state: str) -> None:
    waits = STEADY.look(WATCH, known(state), LIMITS, IN_TIME)
    assert isinstance(waits, Waits)
    assert waits.remind.at == IN_TIME + timedelta(seconds=30)
    given_up = STEADY.look(WATCH, known(state, problem="no such workspace"), LIMITS, TOO_LATE)
    assert given_up == GivenUp(f"the job {JOB.name} did not end in time (last: no such workspace)", WATCH.cancel)


def test_where_nothing_can_be_found_out_it_is_asked_again_and_not_for_ever() -> None:
    assert isinstance(STEADY.could_not_look(WATCH, "away", LIMITS, IN_TIME), Waits)
    last = STEADY.could_not_look(WATCH, "away", LIMITS, TOO_LATE)
    assert last == GivenUp(f"the job {JOB.name} did not end in time (last: away)", WATCH.cancel)


@given(
    soon=st.booleans(),
    looks=st.lists(
        st.tuples(st.sampled_from(["running", "absent", "blind", "failed", "completed"]), st.floats(0, 200)),
        max_size=60,
    ),
)
def test_whatever_is_heard_of_it_the_wait_ends_once_and_until_then_a_reminder_is_set(
    soon: bool, looks: list[tuple[str, float]]
) -> None:
    watching = SOON if soon else STEADY
    watch, _, remind = watching.begin(JOB, WORK, LIMITS, NOW)
    now, pauses = NOW, [(remind.at - NOW).total_seconds()]
    for state, late_s in looks:
        now = max(now, remind.at) + timedelta(seconds=late_s)
        seen = (
            watching.could_not_look(watch, "away", LIMITS, now)
            if state == "blind"
            else watching.look(watch, known(state), LIMITS, now)
        )
        if not isinstance(seen, Waits):
            assert isinstance(seen, Ended) == (state in ("failed", "completed"))
            assert isinstance(seen, Ended) or now >= watch.give_up_at
            return
        assert now < watch.give_up_at
        assert seen.watch.looks == watch.looks + 1
        watch, remind = seen.watch, seen.remind
        pauses.append((remind.at - now).total_seconds())
    assert all(0 < pause <= LIMITS.look_every_s for pause in pauses)
    assert pauses == sorted(pauses)


@pytest.mark.parametrize(
    ("watch", "event", "asked"),
    [
        (None, JobEnded(job=JOB, status="completed"), False),
        (WATCH, JobEnded(job=job_ref("other"), status="completed"), False),
        (WATCH, JobEnded(job=JOB, status="failed"), True),
        (WATCH, DeadlineReached(service="s", about=str(JOB.entity), key="look", at=NOW), True),
    ],
)
def test_azure_ml_is_asked_about_the_job_that_is_waited_for_alone(
    watch: JobWatch | None, event: Event, asked: bool
) -> None:
    assert is_asked(watch, event) is asked


async def test_a_report_is_recorded_with_all_that_it_says() -> None:
    jobs, evidence = MemoryJobs([JOB.workspace]), MemoryEvidence()
    await jobs.submit(JobRequest(JOB, WORK, {}, "e", timedelta(seconds=600)))
    jobs.end(JOB, "completed")
    evidence.reports[JOB.name] = await evidence.keep(b'{"rows": 7}')
    found = await ask_after(JOB, Report, jobs, evidence)
    assert found.model_dump()["report"] == {"rows": 7}


async def test_a_workspace_that_is_not_ours_is_a_job_that_is_not_there() -> None:
    found: JobKnown[Report] = await state_of(JOB, MemoryJobs([]))
    assert found.state == "absent"
    assert "not one of ours" in found.problem
