"""How long what is kept is kept.

Control itself moves the ledger's decisions to the archive and deletes rows; blobs are deleted by rules of the storage
account, whose days `infra/azure/main.bicep` states: whoever changes one changes the other.
"""

from datetime import timedelta
from typing import ClassVar, Self

from pydantic import Field, model_validator

from shared.policies.section import Section

# For so long nobody can delete evidence, seals or archive.
IMMUTABLE_DAYS = 365
_TEN_YEARS = 3650
# A month's decisions of a chain go to the archive together, and a month is time enough to see why they did not.
_SLACK = 60


class Retention(Section, name="retention"):
    """Days. Immutable for their first 365 are evidence, seals and archive; what was refused never is."""

    undivided: ClassVar[bool] = True

    ledger_days: int = Field(
        default=400,
        ge=30,
        le=_TEN_YEARS,
        description="then a settled decision goes from the ledger to the archive, a month of a chain at once; a hub "
        "delivers nothing again after its 7 days",
    )
    archive_days: int = Field(
        default=3250,
        ge=IMMUTABLE_DAYS,
        le=_TEN_YEARS,
        description="then a piece of the archive is deleted: its decisions are gone",
    )
    letters_days: int = Field(
        default=30,
        ge=7,
        le=90,
        description="then a dead letter is deleted, row and body: it may hold anybody's data, so never more than 90",
    )
    captures_days: int = Field(default=400, ge=1, le=_TEN_YEARS, description="then captured rows are deleted")
    labels_days: int = Field(default=400, ge=1, le=_TEN_YEARS, description="then their labels are deleted")
    evidence_days: int = Field(
        default=3650,
        ge=IMMUTABLE_DAYS,
        le=_TEN_YEARS,
        description="then policies, reports and bodies above 32 KB are deleted",
    )
    seals_days: int = Field(
        default=3650, ge=IMMUTABLE_DAYS, le=_TEN_YEARS, description="then seals are deleted, and their lists"
    )
    folds_days: int = Field(
        default=180,
        ge=1,
        le=_TEN_YEARS,
        description="then the folded state of an endpoint of which nothing came any more is deleted",
    )

    def kept_s(self, what: str) -> float:
        """Raises `AttributeError` for what no life is stated of."""
        return timedelta(days=getattr(self, f"{what}_days")).total_seconds()

    @model_validator(mode="after")
    def _outlive_the_ledger(self) -> Self:
        """Bodies of decisions lie in evidence, and all that is still there is verified against its seals."""
        if self.evidence_days < self.ledger_days + _SLACK:
            raise ValueError(
                f"evidence_days: at least ledger_days + {_SLACK} ({self.ledger_days + _SLACK}) is required"
            )
        verified = self.ledger_days + self.archive_days
        if self.seals_days < verified:
            raise ValueError(f"seals_days: at least ledger_days + archive_days ({verified}) is required")
        return self
