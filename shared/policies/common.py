"""Sections that more than one service reads."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, StringConstraints

from shared.policies.personas import AudienceName, Person
from shared.policies.section import Need, Seconds, Section, VersionedName

type Mode = Literal["observe", "propose", "act"]
Group = Annotated[str, StringConstraints(pattern=r"^group:\S+$")]
type Members = tuple[Person | Group, ...]

_AUDIENCES: dict[str, Members] = {
    "data-engineer": ("data-analyst",),
    "infrastructure": ("platform-support",),
}


class Modes(Section, name="modes"):
    """What the decisions of a service lead to; a service that is not listed acts."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Mode]

    @classmethod
    def names_services(cls, layer: Mapping[str, Any]) -> Iterable[tuple[tuple[str, ...], str]]:
        return [((name,), name) for name in layer]

    def of(self, service: str) -> Mode:
        return self.__pydantic_extra__.get(service, "act")


class JobLimits(Section, name="jobs"):
    """Jobs of Sluice's own in Azure ML. A service's section may say otherwise for its own."""

    compute: str = Field(default="cpu-cluster", min_length=1, description="Azure ML compute")
    environment: VersionedName = Field(default="sluice-jobs:1", description="Azure ML environment, `name:version`")
    timeout_s: Seconds = Field(default=3600, description="time limit of a job; 60 s later it is given up")
    look_every_s: Seconds = Field(default=60, description="longest pause between two questions after a job")


class OwnJob(Section):
    """Base of a section with a job of its own: what it leaves open is as in section `jobs`, which `usual` underlies."""

    usual: ClassVar[Mapping[str, float]] = {}

    compute: str | None = Field(default=None, min_length=1, description="instead of `jobs.compute`")
    timeout_s: Seconds | None = Field(default=None, description="instead of `jobs.timeout_s`")
    look_every_s: Seconds | None = Field(default=None, description="instead of `jobs.look_every_s`")


class GoldenLimits(Section, name="golden"):
    """Golden rows: in staging, in its rehearsal of the way back, and as proof of a rollback."""

    tolerance: float = Field(default=1e-4, ge=0, description="largest distance from the outputs that a package records")


class People(Section, name="people"):
    """R041: who decides, who hears of what only a person can mend, and how long a question stays open."""

    personas: tuple[Person, ...] = Field(
        default=("data-scientist", "project-lead"),
        min_length=1,
        description="who may approve and who is invited; never the requester",
    )
    expires_after_s: Seconds = Field(default=3 * 24 * 3600, description="then a question that nobody answered ends")
    audiences: Mapping[AudienceName, Members] = Field(
        default={},
        description="who is meant by `data-engineer` (else `data-analyst`) and by `infrastructure` (else "
        "`platform-support`), which are no personas: personas, or `group:NAME`",
    )

    def needs(self) -> Iterable[Need]:
        """Asked once more at expiry, a question is open for twice as long."""
        yield Need("ledger", 2 * self.expires_after_s, "expires_after_s")

    def members(self, audience: str) -> tuple[str, ...]:
        """Whom a notice to this audience goes to; a persona is its own."""
        said: dict[str, Members] = {str(name): members for name, members in self.audiences.items()}
        return {**_AUDIENCES, **said}.get(audience, (audience,))
