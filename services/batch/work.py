"""What batch remembers of a file, and what its gatherers find out."""

from datetime import datetime
from typing import Literal

from shared.events import Digest, EndpointRef, FileRef, JobRef, PackageRef
from shared.events.references import Reference
from shared.packages import BatchReport
from shared.reactor import Known, State


class Work(Reference):
    """One version of a file on its way: fixed is everything but the job, of which there is one for each attempt."""

    file: FileRef
    endpoint: EndpointRef
    package: PackageRef
    generation: int
    output: str
    request: Digest
    job: JobRef
    attempt: int = 1


class Batch(State):
    """`etag` is the version last decided about, `decision` the event that last led to effects."""

    status: Literal["new", "running", "finished"] = "new"
    etag: str = ""
    work: Work | None = None
    give_up_at: datetime | None = None
    decision: str = ""


class FileKnown(Known):
    """The blob as it is now; `problem` in words when there is none. `package` serves the endpoint in `generation`."""

    etag: str = ""
    size: int = 0
    problem: str = ""
    package: PackageRef | None = None
    generation: int = 0


class JobKnown(Known):
    """`state` as Azure ML says now; `report` what the job left, `problem` why there is none that counts."""

    state: Literal["unasked", "absent", "running", "completed", "failed", "canceled", "not_responding"] = "unasked"
    evidence: Digest | None = None
    report: BatchReport | None = None
    problem: str = ""
