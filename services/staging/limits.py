"""By what staging decides, and what its job judges by (R033-R040)."""

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from shared.packages import CheckLimits
from shared.policies import OwnJob, VersionedName


class StagingLimits(OwnJob, name="staging"):
    """Where the suite runs, and by which limits it judges."""

    usual: ClassVar[Mapping[str, float]] = {"timeout_s": 900, "look_every_s": 30}

    environment: VersionedName | None = Field(default=None, description="instead of `jobs.environment`")
    suite: CheckLimits = Field(default=CheckLimits(), description="limits of the checks, named as in the report")
