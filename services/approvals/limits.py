"""By what approvals are asked for and end (R041, N9)."""

from collections.abc import Callable, Iterable
from math import inf
from typing import Literal, Self

from pydantic import Field, model_validator

from shared.policies import Part, People, Person, Seconds, Section


class QuorumLimits(Part):
    """`count` different persons, each of one of these personas."""

    personas: tuple[Person, ...] = Field(min_length=1)
    count: int = Field(default=1, ge=1, le=20)


class ApprovalLimits(Section, name="approvals"):
    """How many must approve, and what happens when nobody does; who may is in section `people`."""

    quorum: tuple[QuorumLimits, ...] = Field(
        default=(),
        description="list of `{personas, count}`: so many different persons of these personas must approve; "
        "without it, one of `people.personas`",
    )
    remind_after_s: Seconds = Field(default=24 * 3600, description="one reminder, with a new message")
    escalate_after_s: Seconds | None = Field(default=None, description="after so long `escalate_to` is invited as well")
    escalate_to: tuple[Person, ...] = Field(default=(), description="may then take every seat")
    at_expiry: Literal["reject", "escalate"] = Field(
        default="reject", description="`escalate`: ask `escalate_to` once more, with as much time again"
    )

    @model_validator(mode="after")
    def _escalates_to_somebody(self) -> Self:
        if (self.escalate_after_s or self.at_expiry == "escalate") and not self.escalate_to:
            raise ValueError("escalate_to: at least one persona is required to escalate")
        return self

    def impossible(self, other: Callable[[type[Section]], Section]) -> Iterable[tuple[str, str]]:
        people = other(People)
        expires_s = people.expires_after_s if isinstance(people, People) else inf
        for field in ("remind_after_s", "escalate_after_s"):
            if (getattr(self, field) or 0) >= expires_s:
                yield field, f"never comes: the question ends after {expires_s:g} s (people.expires_after_s)"

    def seats(self, people: People) -> tuple[QuorumLimits, ...]:
        """Those of the quorum; without one, a single seat that any of the people may take."""
        return self.quorum or (QuorumLimits(personas=people.personas),)
