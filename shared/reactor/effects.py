"""Effects: what a policy wants done, as data. Only the reactor performs them.

An effect's `perform` asks for what it needs by the types in its signature: an `Occasion`, and any port. It may be
repeated after a crash, so it sets a state and never toggles one; names on the outside derive from `Occasion.key`.
"""

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, SerializeAsAny, field_serializer, field_validator

from shared.events import Entity, Envelope, Event, JobRef, Severity, derive_id
from shared.events.catalogue import upcast
from shared.ports import (
    Absent,
    CommandJob,
    Deadline,
    Deadlines,
    EventPublisher,
    Evidence,
    JobRequest,
    Jobs,
    Notice,
    Notifier,
    PipelineJob,
)


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why and for whom an effect is performed. `index` is its place among the effects of one decision."""

    service: str
    entity: Entity
    cause: Envelope[Any]
    decided_at: datetime
    index: int

    @property
    def key(self) -> str:
        """The same for every repeat, and for no other effect."""
        return derive_id(self.cause.id, self.service, str(self.entity), str(self.index))

    def follow_up[E: Event](self, event: E) -> Envelope[E]:
        """`event`, as the next fact of this chain."""
        by = f"{self.service}/{self.entity.table_key}"
        return self.cause.follow_up(event, time=self.decided_at, by=by, key=self.index)


class Effect(BaseModel):
    """Base of all effects. `kind` and `version` name the data's shape in the ledger; a new shape needs an upcaster.

    `bookkeeping` says that it changes nothing outside, and is done also where a mode or a brake holds all others.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_bytes="base64", val_json_bytes="base64")

    kind: ClassVar[str]
    version: ClassVar[int] = 1
    bookkeeping: ClassVar[bool] = False


class Publish(Effect):
    """Send a fact to hub `events`."""

    kind: ClassVar[str] = "publish"
    event: SerializeAsAny[Event]

    @field_serializer("event")
    def _with_its_type(self, event: Event) -> dict[str, Any]:
        return {"type": event.type, "version": event.version, "data": event.model_dump(mode="json")}

    @field_validator("event", mode="before")
    @classmethod
    def _by_its_type(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        event_type, data = upcast(value["type"], value["version"], value["data"])
        return event_type.model_validate(data)

    async def perform(self, occasion: Occasion, publisher: EventPublisher) -> None:
        await publisher.publish("events", [occasion.follow_up(self.event)])


class RemindAt(Effect):
    """Ask for `mlops.deadline.reached` about this entity at `at`; the same `about` key moves the earlier reminder."""

    kind: ClassVar[str] = "remind_at"
    bookkeeping: ClassVar[bool] = True
    about: str
    at: datetime

    async def perform(self, occasion: Occasion, deadlines: Deadlines) -> None:
        await deadlines.set(
            Deadline(
                service=occasion.service,
                entity=occasion.entity,
                key=self.about,
                at=self.at,
                cause=occasion.cause.id,
                correlation=occasion.cause.correlation_id,
            )
        )


class KeepEvidence(Effect):
    """Store a body under its digest, so that a later effect or a job may name it."""

    kind: ClassVar[str] = "keep_evidence"
    bookkeeping: ClassVar[bool] = True
    body: bytes

    @property
    def digest(self) -> str:
        """What `body` will be known by."""
        return hashlib.sha256(self.body).hexdigest()

    async def perform(self, evidence: Evidence) -> None:
        await evidence.keep(self.body)


class SubmitJob(Effect):
    """Start an Azure ML job. Its name is the caller's, derived from the cause (see `job_name`), so it starts once.

    The tags `sluice-service`, `-entity`, `-correlationid` and `-causationid` are added here: they travel with the job.
    """

    kind: ClassVar[str] = "submit_job"
    job: JobRef
    work: CommandJob | PipelineJob
    experiment: str
    timeout: timedelta
    tags: dict[str, str] = {}

    async def perform(self, occasion: Occasion, jobs: Jobs) -> None:
        tags = {**self.tags, **chain_tags(occasion)}
        await jobs.submit(
            JobRequest(ref=self.job, work=self.work, tags=tags, experiment=self.experiment, timeout=self.timeout)
        )


class CancelJob(Effect):
    """Nobody waits for this job any more; one that does not exist is as good as cancelled."""

    kind: ClassVar[str] = "cancel_job"
    job: JobRef

    async def perform(self, jobs: Jobs) -> None:
        with suppress(Absent):
            await jobs.cancel(self.job)


class SendNotice(Effect):
    """Tell somebody, once: every repeat carries the same key.

    Without a `command`, the one that explains the event it is about. Version 1 had neither it nor a severity.
    """

    kind: ClassVar[str] = "send_notice"
    version: ClassVar[int] = 2
    audience: str
    title: str
    text: str
    severity: Severity = "info"
    command: str = ""

    async def perform(self, occasion: Occasion, notifier: Notifier) -> None:
        notice = Notice(
            key=occasion.key,
            audience=self.audience,
            title=self.title,
            text=self.text,
            severity=self.severity,
            about=in_words(occasion.entity),
            at=occasion.decided_at,
            command=self.command or f"sluice explain {occasion.cause.id}",
        )
        await notifier.send(notice)


def in_words(entity: Entity) -> str:
    """As people call it: kind and name, and the workspace that it is in."""
    workspace = entity.workspace.rpartition("/")[2]
    return f"{entity.kind} {entity.name}" + (f" in {workspace}" if workspace else "")


def chain_tags(occasion: Occasion) -> dict[str, str]:
    """Tags by which a job, and what it registers, stays in the causal chain across Azure ML."""
    return {
        "sluice-service": occasion.service,
        "sluice-entity": str(occasion.entity),
        "sluice-correlationid": occasion.cause.correlation_id,
        "sluice-causationid": occasion.cause.id,
    }


def job_name(service: str, event_id: str) -> str:
    """A job name that the same cause always gives: 32 hex digits behind the service's name."""
    return f"{service}-{derive_id(event_id, service, 'job').replace('-', '')}"
