"""What the job that scores a file is asked, and what it answers: both are evidence, known by their digests."""

from pydantic import BaseModel, ConfigDict, Field

from shared.events.batch import FileRef
from shared.events.references import EndpointRef, PackageRef

# How the name of a file that can be scored ends.
SUFFIXES = (".parquet", ".csv", ".tsv", ".csv.gz", ".tsv.gz")


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class BatchRequestBody(_Body):
    """`package` and `generation` are what served when it was asked for: whatever serves later, this file keeps them.

    `output` is a folder of container `batch-out`, the same for every attempt.
    """

    file: FileRef
    endpoint: EndpointRef
    package: PackageRef
    generation: int
    output: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*$")
    chunk_rows: int = Field(ge=1)


class BatchReport(_Body):
    """`problem` says why the file was not scored to its end, "" when it was. `rows` includes those `rejected`.

    `scored_before` rows were found scored by an earlier attempt; `seconds` are those of this one.
    """

    file: FileRef
    package: PackageRef
    output: str
    rows: int = 0
    rejected: int = 0
    rejected_by: dict[str, int] = {}
    scored_before: int = 0
    seconds: float = 0
    problem: str = ""
