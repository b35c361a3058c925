"""Every runner of jobs starts a job once, and only in our workspaces."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from shared.adapters.memory import MemoryJobs
from shared.events import JobRef
from shared.ports import Absent, CommandJob, JobRequest, Jobs, JobState, Refused
from tests.contract import live
from tests.contract.azure_ml import PLACES, WORKSPACE, Workspace
from tests.contract.examples import FOREIGN
from tests.support.eventually import PATIENCE_S, aeventually

pytestmark = pytest.mark.azure_untested
QUICK, ENDLESS, BROKEN = "echo done", "sleep 600", "exit 3"
SAD = "echo it began; echo 'ValueError: no such column' >&2; exit 1"


@dataclass
class Runner:
    jobs: Jobs
    id: str
    real: Workspace | None = None

    def request(self, command: str = QUICK, **changes: Any) -> JobRequest:
        values: dict[str, Any] = {
            "ref": JobRef(workspace=self.id, name=self._named()),
            "work": CommandJob(command, "sluice-jobs:1", "cpu", {"SLUICE_TEST": "yes"}),
            "tags": {"sluice-entity": "a|b|c"},
            "experiment": "contract",
            "timeout": timedelta(minutes=5),
        }
        return JobRequest(**{**values, **changes})

    def _named(self) -> str:
        return self.real.named("job", "contract") if self.real else live.named("job", "contract", on_record=False)

    async def ended(self, ref: JobRef, state: JobState) -> None:
        """Wait for this end; in memory it is the test that brings it about."""
        if isinstance(self.jobs, MemoryJobs):
            self.jobs.end(ref, state, "ValueError: no such column; its log is user_logs/std_log.txt of job")
        await aeventually(lambda: self._is(ref, state), self.real.patience_s if self.real else PATIENCE_S)

    async def _is(self, ref: JobRef, state: JobState) -> bool:
        return await self.jobs.state(ref) == state


@pytest.fixture(params=PLACES)
def runner(request: pytest.FixtureRequest) -> Runner:
    if request.param == "memory":
        return Runner(MemoryJobs([WORKSPACE]), WORKSPACE)
    real: Workspace = request.getfixturevalue(request.param)
    return Runner(real.jobs, real.id, real)


async def test_a_job_nobody_submitted_is_absent(runner: Runner) -> None:
    assert await runner.jobs.state(runner.request().ref) == "absent"
    with pytest.raises(Absent):
        await runner.jobs.cancel(runner.request().ref)
    with pytest.raises(Absent):
        await runner.jobs.creator(runner.request().ref)


async def test_a_job_that_an_app_submitted_was_created_by_no_person(runner: Runner) -> None:
    request = runner.request()
    await runner.jobs.submit(request)
    assert (await runner.jobs.creator(request.ref)).type in ("Application", "ManagedIdentity")


@pytest.mark.parametrize(("command", "end"), [(QUICK, "completed"), (BROKEN, "failed")])
async def test_a_job_runs_to_its_end(runner: Runner, command: str, end: JobState) -> None:
    request = runner.request(command)
    await runner.jobs.submit(request)
    await runner.ended(request.ref, end)


async def test_a_failed_job_has_last_words_and_a_log(runner: Runner) -> None:
    request = runner.request(SAD)
    await runner.jobs.submit(request)
    await runner.ended(request.ref, "failed")
    said = await runner.jobs.last_words(request.ref)
    assert said.startswith("ValueError: no such column; its log is user_logs/std_log.txt of job")
    with pytest.raises(Absent):
        await runner.jobs.last_words(runner.request().ref)


async def test_submitting_again_starts_nothing(runner: Runner) -> None:
    request = runner.request(BROKEN)
    await asyncio.gather(*(runner.jobs.submit(request) for _ in range(4)))
    await runner.ended(request.ref, "failed")
    await runner.jobs.submit(request)
    assert await runner.jobs.state(request.ref) == "failed"


async def test_a_running_job_is_cancelled_and_an_ended_one_stays_as_it_is(runner: Runner) -> None:
    endless, quick = runner.request(ENDLESS), runner.request(QUICK)
    await runner.jobs.submit(endless)
    assert await runner.jobs.state(endless.ref) == "running"
    await runner.jobs.cancel(endless.ref)
    await runner.ended(endless.ref, "canceled")
    await runner.jobs.cancel(endless.ref)
    await runner.jobs.submit(quick)
    await runner.ended(quick.ref, "completed")
    await runner.jobs.cancel(quick.ref)
    assert await runner.jobs.state(quick.ref) == "completed"


async def test_a_workspace_that_is_not_ours_is_refused(runner: Runner) -> None:
    foreign = JobRef(workspace=FOREIGN, name="job")
    with pytest.raises(Refused, match="not one of ours"):
        await runner.jobs.submit(runner.request(ref=foreign))
    with pytest.raises(Refused, match="not one of ours"):
        await runner.jobs.state(foreign)
    with pytest.raises(Refused, match="not one of ours"):
        await runner.jobs.cancel(foreign)
