"""What batch remembers of a file, and what it finds out about one."""

from collections.abc import Mapping
from typing import Any, Literal

from shared.events import Digest, EndpointRef, FileRef, PackageRef
from shared.events.references import Reference
from shared.reactor import JobWatch, Known, State


class Work(Reference):
    """One version of a file on its way: fixed is everything but `attempt`, each of which is a job of its own."""

    file: FileRef
    endpoint: EndpointRef
    package: PackageRef
    generation: int
    output: str
    request: Digest
    attempt: int = 1


class Batch(State):
    """`etag` is the version last decided about, `decision` the event that last led to effects.

    `watch` is there while a job runs.
    """

    status: Literal["new", "running", "finished"] = "new"
    etag: str = ""
    work: Work | None = None
    watch: JobWatch | None = None
    decision: str = ""

    @classmethod
    def upcast(cls, kept: Mapping[str, Any]) -> Mapping[str, Any]:
        """There was no `watch`: the work named its job."""
        if "watch" in kept or kept.get("status") != "running":
            return kept
        return {**kept, "watch": {"job": kept["work"]["job"], "give_up_at": kept["give_up_at"]}}


class FileKnown(Known):
    """The blob as it is now; `problem` in words when there is none. `package` serves the endpoint in `generation`."""

    etag: str = ""
    size: int = 0
    problem: str = ""
    package: PackageRef | None = None
    generation: int = 0
