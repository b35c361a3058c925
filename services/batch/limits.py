"""By what files are scored (R042)."""

from pydantic import Field

from shared.policies import OwnJob, VersionedName


class BatchLimits(OwnJob, name="batch"):
    """Where files are scored, and what one may cost."""

    environment: VersionedName | None = Field(default=None, description="instead of `jobs.environment`")
    chunk_rows: int = Field(
        default=50_000,
        ge=1,
        le=1_000_000,
        description="rows that are scored, and written, at once; after a crash at most so many are scored again",
    )
    most_bytes: int = Field(default=10 * 1024**3, ge=1, description="a larger file is not scored")
    attempts: int = Field(
        default=3, ge=1, le=20, description="so often a job is started in all, when it fails or does not respond"
    )
