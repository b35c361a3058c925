"""A job that a service waits for: submitted, looked after by reminders, ended by its report or given up in time.

Each of a job's own event and a reminder suffices: the event is a hint, and what Azure ML says of the job counts.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, SerializeAsAny

from shared.events import Digest, Event, JobEnded, JobRef
from shared.policies import JobLimits
from shared.ports import CommandJob, JobState, PipelineJob
from shared.reactor.effects import CancelJob, RemindAt, SubmitJob
from shared.reactor.service import Known

# What Azure ML may take to stop a job by its own time limit, before we call it lost.
_SLACK = timedelta(seconds=60)
_DOUBLINGS = 10
# Ended by no one's wish.
BROKE_OFF: frozenset[str] = frozenset({"failed", "not_responding"})
_LOST = timedelta(days=1)


class JobWatch(BaseModel):
    """In the state of whoever waits, and only while it does. `looks`: how often we asked after the job."""

    model_config = ConfigDict(frozen=True)

    job: JobRef
    give_up_at: datetime
    looks: int = 0

    @property
    def cancel(self) -> CancelJob:
        return CancelJob(job=self.job)

    def looked(self) -> Self:
        return self.model_copy(update={"looks": self.looks + 1})


def lost_after(began: str) -> str:
    """When to give up a job of which an earlier build noted only when it began, and this one not its limit.

    Azure ML ends the job by that limit; this ends the wait for one that is never heard of again.
    """
    return (datetime.fromisoformat(began) + _LOST).isoformat()


def is_asked(watch: JobWatch | None, event: Event) -> bool:
    """Whether Azure ML is asked now. Not when we wait for no job, nor when another job than ours has ended."""
    return watch is not None and not (isinstance(event, JobEnded) and event.job != watch.job)


class JobKnown[R: BaseModel = BaseModel](Known):
    """What Azure ML says of the job now; `report` what it left, `problem` in words why there is none that counts."""

    state: JobState | Literal["unasked"] = "unasked"
    evidence: Digest | None = None
    report: SerializeAsAny[R] | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Waits:
    """The job may still end."""

    watch: JobWatch
    remind: RemindAt


@dataclass(frozen=True, slots=True)
class Ended[R: BaseModel]:
    """`reason` says why there is no report, "" with one. `broke_off`: the same job may well succeed another time."""

    report: R | None
    evidence: Digest | None
    reason: str
    broke_off: bool = False


@dataclass(frozen=True, slots=True)
class GivenUp:
    """It did not end in time; should it still run, it is stopped."""

    reason: str
    cancel: CancelJob


@dataclass(frozen=True, slots=True)
class Watching:
    """How a service waits for its jobs. With `first_look_s` it asks soon, then less and less often, up to the limit."""

    experiment: str
    about: str = "look"
    first_look_s: float | None = None

    def begin(
        self, job: JobRef, work: CommandJob | PipelineJob, limits: JobLimits, now: datetime
    ) -> tuple[JobWatch, SubmitJob, RemindAt]:
        """Whoever performs the reminder first ends the wait also where the job is refused or forgotten."""
        timeout = timedelta(seconds=limits.timeout_s)
        watch = JobWatch(job=job, give_up_at=now + timeout + _SLACK)
        submit = SubmitJob(job=job, work=work, experiment=self.experiment, timeout=timeout)
        return watch, submit, self._remind(watch, limits, now)

    def look[R: BaseModel](
        self, watch: JobWatch, known: JobKnown[R], limits: JobLimits, now: datetime
    ) -> Waits | Ended[R] | GivenUp:
        """What follows from what is known of the job."""
        if known.state == "completed":
            reason = "" if known.report else known.problem or f"the job {watch.job.name} left no report"
            return Ended(known.report, known.evidence, reason)
        if known.state in (*BROKE_OFF, "canceled"):
            reason = f"the job {watch.job.name} ended as {known.state}"
            said = f"{reason}: {known.problem}" if known.problem else reason
            return Ended(None, None, said, broke_off=known.state in BROKE_OFF)
        return self._wait(watch, known.problem or known.state, limits, now)

    def could_not_look(self, watch: JobWatch, reason: str, limits: JobLimits, now: datetime) -> Waits | GivenUp:
        """Nothing could be found out: it is asked again, and not for ever."""
        return self._wait(watch, reason, limits, now)

    def _wait(self, watch: JobWatch, last: str, limits: JobLimits, now: datetime) -> Waits | GivenUp:
        if now >= watch.give_up_at:
            return GivenUp(f"the job {watch.job.name} did not end in time (last: {last})", watch.cancel)
        looked = watch.looked()
        return Waits(looked, self._remind(looked, limits, now))

    def _remind(self, watch: JobWatch, limits: JobLimits, now: datetime) -> RemindAt:
        pause = limits.look_every_s
        if self.first_look_s is not None:
            pause = min(self.first_look_s * 2 ** min(watch.looks, _DOUBLINGS), pause)
        return RemindAt(about=self.about, at=now + timedelta(seconds=pause))
