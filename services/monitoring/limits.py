"""By what windows are folded, closed and measured."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import ClassVar

from pydantic import Field

from shared.policies import Need, OwnJob, Seconds, Share, VersionedName


class MonitoringLimits(OwnJob, name="monitoring"):
    """Windows of business time, and the job that joins labels to them."""

    usual: ClassVar[Mapping[str, float]] = {"timeout_s": 600, "look_every_s": 30}

    environment: VersionedName | None = Field(default=None, description="instead of `jobs.environment`")
    window_s: Seconds = Field(
        default=7 * 24 * 3600,
        description="width of a window of business time; a shorter one than a week takes weekends for drift",
    )
    grace_s: float = Field(default=24 * 3600, ge=0, description="so much later business time closes a window")
    idle_s: Seconds = Field(
        default=300, description="so long after one partition closed a window, the others are not waited for"
    )
    min_rows: int = Field(default=1000, ge=1, description="a smaller window measures nothing")
    min_reference_rows: int = Field(
        default=1000,
        ge=1,
        description="against fewer rows of training nothing is measured: every distance would be large",
    )
    min_labels: int = Field(
        default=5000,
        ge=1,
        description="a join with fewer labelled rows measures nothing: at a positive rate of 5 %, two hundred rows "
        "lose five points of ROC AUC in every fifth window by chance",
    )
    labels_after_s: Seconds = Field(default=300, description="wall time from measuring a window to joining its labels")
    late_share: Share = Field(
        default=0.1,
        description="a larger share of rows that are late, or of impossible times, is told (`mlops.rows.missed`)",
    )
    late_least_rows: int = Field(default=1000, ge=1, description="of so many rows of a partition")
    performance: bool = Field(default=True, description="whether labels are joined at all")

    def needs(self) -> Iterable[Need]:
        """A window's rows until its labels were joined, and what was counted of it until it is closed."""
        open_s = self.window_s + self.grace_s
        yield Need("folds", open_s, "window_s")
        for what in ("captures", "labels"):
            yield Need(what, open_s + self.idle_s + self.labels_after_s, "window_s")

    @property
    def grace(self) -> timedelta:
        return timedelta(seconds=self.grace_s)
