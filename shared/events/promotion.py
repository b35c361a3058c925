"""What serves, and how that changes (box 7, design section 5)."""

from typing import ClassVar, Literal

from shared.events.announcement import Announcement, sentence
from shared.events.entity import Entity
from shared.events.event import Event
from shared.events.fields import Part, Words
from shared.events.phrases import share_of
from shared.events.references import AssetName, Digest, EndpointRef, PackageRef


class Finding(Part):
    """What one test says of the candidate in one canary step.

    `low` to `high` is where its figure lies: a difference of two rates, a rate, or a distance; `limit` is what it may
    be. `of` requests (rows for predictions) of the candidate, `champion_of` of the champion beside it, were counted.
    """

    test: Literal["errors", "latency", "predictions"]
    verdict: Literal["go on", "abort", "inconclusive", "ask a person"]
    detail: Words
    low: float
    high: float
    limit: float
    of: int
    champion_of: int = 0


class CountedStep(Part):
    """One step of a canary: the candidate's `share` in percent, and what was counted of it in `seconds`.

    Of `requests` some `failed`; of those that were answered some were `slow`, which is beyond `slow_ms`. A step to come
    has no counts: it takes `seconds` and `least_requests` at least. `by_a_person`: it passed by their word.
    """

    share: float
    came: Literal["passed", "present", "to come"]
    seconds: float
    requests: int = 0
    failed: int = 0
    slow: int = 0
    slow_ms: float = 0
    least_requests: int = 0
    by_a_person: bool = False


class CanaryStep(Part):
    """What a person is shown of a step that could not be settled: `package` beside `champion`, after `seconds`.

    `share` is the percentage of the requests that the package has had, `following` what it would get next. `steps` are
    all of the canary, in order; an earlier build did not keep them.
    """

    package: PackageRef
    champion: PackageRef | None = None
    share: float
    following: float | None = None
    seconds: float
    findings: tuple[Finding, ...] = ()
    steps: tuple[CountedStep, ...] = ()


class _OfEndpoint(Event):
    endpoint: EndpointRef
    package: PackageRef

    @property
    def entity(self) -> Entity:
        return self.endpoint.entity


class PromotionStarted(_OfEndpoint):
    """The serving manifest is being moved from `previous` to `package`, expecting `generation`.

    `share` is the percentage of the requests that the package gets to begin with.
    """

    type: ClassVar[str] = "mlops.promotion.started"
    previous: PackageRef | None = None
    generation: int
    approval_id: str
    share: float = 100.0

    def words(self) -> tuple[str, ...]:
        return (str(self.package.model), share_of(self.share), f"generation {self.generation}")


class PromotionStepped(_OfEndpoint):
    """A canary step was passed: the package gets `share` percent from `generation` on, because of `findings`.

    `cleared_by` is the person who let an inconclusive step pass.
    """

    type: ClassVar[str] = "mlops.promotion.stepped"
    share: float
    generation: int
    findings: tuple[Finding, ...] = ()
    cleared_by: str = ""

    def words(self) -> tuple[str, ...]:
        return (
            str(self.package.model),
            share_of(self.share),
            f"generation {self.generation}",
            f"by {self.cleared_by}" if self.cleared_by else "",
        )

    def notice(self) -> Announcement:
        found = " ".join(sentence(finding.detail) for finding in self.findings)
        return Announcement(
            f"{self.package.model} gets {self.share:g} % of the requests on {self.endpoint.name}",
            found or f"Generation {self.generation}.",
        )


class PromotionCompleted(_OfEndpoint):
    """Every live scoring instance reported the new generation. `findings` are of the last step."""

    type: ClassVar[str] = "mlops.promotion.completed"
    previous: PackageRef | None = None
    generation: int
    instances: int
    profile: Digest | None = None
    findings: tuple[Finding, ...] = ()

    def words(self) -> tuple[str, ...]:
        return (str(self.package.model), f"generation {self.generation}")

    def notice(self) -> Announcement:
        return Announcement(
            f"{self.package.model} is live on {self.endpoint.name}",
            f"Generation {self.generation}, confirmed by {self.instances} scoring instance(s).",
            audience=("data-scientist", "product-owner"),
        )


class PromotionAborted(_OfEndpoint):
    """`findings` are of the step in which it was aborted, where it had begun to be measured."""

    type: ClassVar[str] = "mlops.promotion.aborted"
    reason: Words
    findings: tuple[Finding, ...] = ()

    def words(self) -> tuple[str, ...]:
        return (str(self.package.model), self.reason)

    def notice(self) -> Announcement:
        return Announcement(
            f"{self.package.model} did not go live on {self.endpoint.name}",
            sentence(self.reason),
            severity="warning",
            audience=("data-scientist",),
        )


class PromotionRefused(_OfEndpoint):
    """An approval that promotes nothing: not rehearsed, or overtaken. The candidate has to be staged again."""

    type: ClassVar[str] = "mlops.promotion.refused"
    approval_id: AssetName
    reason: Words

    def words(self) -> tuple[str, ...]:
        return (str(self.package.model), self.reason)

    def notice(self) -> Announcement:
        return Announcement(
            f"{self.package.model} is not promoted on {self.endpoint.name}",
            sentence(self.reason),
            severity="warning",
            audience=("data-scientist", "project-lead"),
        )
