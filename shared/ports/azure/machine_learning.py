"""Azure ML: models and jobs of the workspaces in our settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol

from shared.events import JobRef, ModelRef

type JobState = Literal["absent", "running", "completed", "failed", "canceled", "not_responding"]


@dataclass(frozen=True, slots=True)
class RegisteredModel:
    """A model version as Azure ML knows it now. `location` is its path, `job` the name of the one that made it.

    `created_by` is who registered it, of a person often a display name alone; `created_by_type` says whether it was a
    `User`, an `Application` or a `ManagedIdentity`. Empty where Azure ML does not say.
    """

    ref: ModelRef
    location: str
    tags: Mapping[str, str]
    created_by: str
    created_at: datetime | None = None
    created_by_type: str = ""
    job: str = ""


@dataclass(frozen=True, slots=True)
class Creator:
    """Who had a job run: `type` as of `RegisteredModel.created_by_type`, `name` an address where Azure ML knows one."""

    type: str
    name: str
    object_id: str = ""


@dataclass(frozen=True, slots=True)
class CommandJob:
    """One command in a named environment (`name:version`)."""

    command: str
    environment: str
    compute: str
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PipelineJob:
    """A team's own registered component (`name:version`), run with literal inputs; its output is called `output`."""

    component: str
    compute: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    output: str = "model"


@dataclass(frozen=True, slots=True)
class JobRequest:
    """`ref.name` is derived from the effect that asks, so asking again finds the same job."""

    ref: JobRef
    work: CommandJob | PipelineJob
    tags: Mapping[str, str]
    experiment: str
    timeout: timedelta


class Models(Protocol):
    async def get(self, ref: ModelRef) -> RegisteredModel:
        """Raises `Absent`, `Refused` (not one of our workspaces) or `Unavailable`."""
        ...

    async def register_output(self, job: JobRef, output: str, model: ModelRef, tags: Mapping[str, str]) -> None:
        """Register what the job wrote as this model version; doing it again changes nothing.

        Raises `Refused` if the version exists with other content, or `Unavailable`.
        """
        ...

    async def next_version(self, workspace: str, name: str) -> str:
        """One above the highest numeric version, "1" for a new model. Raises `Unavailable`."""
        ...


class Jobs(Protocol):
    async def submit(self, request: JobRequest) -> None:
        """Start it, or do nothing if a job of this name exists. Raises `Refused` or `Unavailable`."""
        ...

    async def state(self, ref: JobRef) -> JobState:
        """Raises `Refused` (not one of our workspaces) or `Unavailable`."""
        ...

    async def last_words(self, ref: JobRef) -> str:
        """Of a job that ended badly: the last line of what went wrong, and where its log lies; "" if nothing is known.

        Raises `Absent`, `Refused` (not one of our workspaces) or `Unavailable`.
        """
        ...

    async def creator(self, ref: JobRef) -> Creator:
        """Raises `Absent`, `Refused` (not one of our workspaces) or `Unavailable`."""
        ...

    async def cancel(self, ref: JobRef) -> None:
        """Cancelling an ended job changes nothing. Raises `Unavailable`."""
        ...
