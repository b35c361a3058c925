"""Azure ML jobs that Sluice asked for."""

from typing import ClassVar, Literal

from shared.events.entity import Entity
from shared.events.event import Event
from shared.events.phrases import known
from shared.events.references import JobRef

type JobStatus = Literal["completed", "failed", "canceled", "not_responding"]


class JobEnded(Event):
    """A job reached a terminal status. A hint: whoever waits for it asks Azure ML again.

    `tags` are the job's own: `sluice-service` and `sluice-entity` say who waits for it.
    """

    type: ClassVar[str] = "mlops.job.ended"
    job: JobRef
    status: JobStatus
    tags: dict[str, str] = {}

    @property
    def entity(self) -> Entity:
        return self.job.entity

    def concerns(self, service: str) -> Entity | None:
        """Whom `service` submitted this job for, None for everybody else's jobs.

        Tags are a hint that anybody may set: the state must be waiting for this very job, or nothing follows.
        """
        if self.tags.get("sluice-service") != service:
            return None
        try:
            return Entity.parse(self.tags.get("sluice-entity", ""))
        except ValueError:
            return None

    def words(self) -> tuple[str, ...]:
        return (f"job {known(self.job.name)}", self.status)
