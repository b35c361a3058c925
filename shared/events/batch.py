"""Scoring files (R042): asked for by a blob that arrived, scored by a job, answered by an event."""

import re
from hashlib import sha256
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field, StringConstraints

from shared.events.announcement import Announcement, sentence
from shared.events.entity import Entity
from shared.events.event import Event
from shared.events.fields import Words
from shared.events.phrases import known
from shared.events.references import Digest, EndpointRef, JobRef, PackageRef, Reference, WorkspaceId

_ETAG = re.compile(r"[A-Za-z0-9._:+/=-]{1,128}")
# As `AssetName`.
_ENDPOINT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")
_LONGEST_NAME = 1024
# Characters of a name that a notice shows.
_SHOWN = 200


def _blob_name(value: str) -> str:
    """Azure's own bounds, and nothing that a terminal or a log would take for more than a letter."""
    if not 0 < len(value) <= _LONGEST_NAME or not value.isprintable():
        raise ValueError(f"1 to {_LONGEST_NAME} printable characters are required")
    return value


def _etag(value: str) -> str:
    plain = value.strip().strip('"')
    if not _ETAG.fullmatch(plain):
        raise ValueError("an ETag of letters, digits and . _ : + / = - is required")
    return plain


BlobName = Annotated[str, AfterValidator(_blob_name)]
ETag = Annotated[str, StringConstraints(max_length=200), AfterValidator(_etag)]


class FileRef(Reference):
    """A blob of container `batch-in` as it was under one ETag (without quotes); `size` in bytes.

    `workspace` is the production workspace, whose endpoints files are scored for.
    """

    workspace: WorkspaceId
    name: BlobName
    etag: ETag
    size: int = Field(ge=0, lt=1 << 63)

    @property
    def entity(self) -> Entity:
        """`<endpoint>:<digest of the name>`, or the digest alone: names may be long, and differ in case only."""
        digest = sha256(self.name.encode()).hexdigest()[:32]
        return Entity.of(self.workspace, "file", f"{self.folder}:{digest}" if self.folder else digest)

    @property
    def folder(self) -> str:
        """The endpoint that the name tells, in `<endpoint>/<name>`; "" if it tells none."""
        first, _, rest = self.name.partition("/")
        return first if rest and _ENDPOINT.fullmatch(first) else ""


class _OfFile(Event):
    file: FileRef

    @property
    def entity(self) -> Entity:
        return self.file.entity


class BatchRequested(_OfFile):
    """A file arrived. A hint: the service looks at the blob itself. `endpoint` is None where its name tells none."""

    type: ClassVar[str] = "mlops.batch.requested"
    endpoint: EndpointRef | None = None

    def words(self) -> tuple[str, ...]:
        return (self.file.name, f"{self.file.size:,} bytes")


class BatchStarted(_OfFile):
    """`attempt` counts from 1; another one goes on where the last has stopped. `output` is a folder of `batch-out`."""

    type: ClassVar[str] = "mlops.batch.started"
    endpoint: EndpointRef
    package: PackageRef
    generation: int
    job: JobRef
    attempt: int
    output: str

    def words(self) -> tuple[str, ...]:
        return (self.file.name, str(self.package.model), f"generation {self.generation}", f"job {known(self.job.name)}")


class BatchCompleted(_OfFile):
    """Every row of the file is in `output`, scored or rejected; `rejected_by` counts these by the field at fault.

    `seconds` are those of the last attempt; `evidence` is the digest of the job's report.
    """

    type: ClassVar[str] = "mlops.batch.completed"
    endpoint: EndpointRef
    package: PackageRef
    job: JobRef
    output: str
    rows: int
    rejected: int
    rejected_by: dict[str, int] = {}
    seconds: float
    evidence: Digest

    def words(self) -> tuple[str, ...]:
        return (self.file.name, str(self.package.model), f"{self.rows - self.rejected:,} of {self.rows:,} rows scored")

    def notice(self) -> Announcement:
        rejected = f", {self.rejected:,} rejected ({', '.join(self.rejected_by)})" if self.rejected else ""
        return Announcement(
            f"A file was scored for {self.endpoint.name}",
            (
                f"batch-in/{self.file.name[:_SHOWN]}: {self.rows - self.rejected:,} rows scored by "
                f"{self.package.model}{rejected}, in batch-out/{self.output}."
            ),
            audience=("data-analyst",),
        )


class BatchFailed(_OfFile):
    """The file was not scored, or not to its end."""

    type: ClassVar[str] = "mlops.batch.failed"
    endpoint: EndpointRef | None = None
    job: JobRef | None = None
    reason: Words

    def words(self) -> tuple[str, ...]:
        return (self.file.name, self.reason)

    def notice(self) -> Announcement:
        where = f" for {self.endpoint.name}" if self.endpoint else ""
        return Announcement(
            f"A file was not scored{where}",
            f"batch-in/{self.file.name[:_SHOWN]}: {sentence(self.reason)}",
            severity="warning",
            audience=("data-analyst", "platform-support"),
        )
