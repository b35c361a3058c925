"""Staging's own effect on the world."""

from contextlib import suppress
from typing import ClassVar

from shared.events import JobRef
from shared.ports import Absent, Jobs
from shared.reactor import Effect


class CancelJob(Effect):
    """Nobody waits for this job any more; one that does not exist is as good as cancelled."""

    kind: ClassVar[str] = "cancel_job"
    job: JobRef

    async def perform(self, jobs: Jobs) -> None:
        with suppress(Absent):
            await jobs.cancel(self.job)
