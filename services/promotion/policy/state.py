"""What promotion remembers of an endpoint, and what it looks up."""

from datetime import datetime
from typing import Literal

from services.promotion.limits import CanaryStep
from services.promotion.policy.tally import Measured
from shared.events import CountedStep, EndpointRef, Finding, PackageRef
from shared.ports import Instance, Manifest, Route
from shared.reactor import Known, State


class Ending(Known):
    """How the last promotion ended: said again when it could not be published."""

    how: Literal["completed", "aborted"]
    reason: str = ""
    instances: int = 0
    findings: tuple[Finding, ...] = ()


class Promotion(State):
    """`route` is being brought live in `steps` (the first is the present one), as `generation` just now.

    Those before it were `passed`. `before` served until then. Status: the instances are `following` to the step's
    generation, it is `baking`, or a person is `asking`ed, namely by decision `question`, until `ask_until`. `since` is
    when that began, for a question when the baking did. `cleared_by` let the step pass; `ready_at` is since when only
    an instance keeps it from going on. `decision` last swapped the manifest or ended it. `overtaken` was under way
    before. `newest` is when the newest approval that was acted on had been asked for.
    """

    status: Literal["idle", "following", "baking", "asking"] = "idle"
    route: Route | None = None
    before: Route | None = None
    steps: tuple[CanaryStep, ...] = ()
    passed: tuple[CountedStep, ...] = ()
    generation: int = 0
    approval_id: str = ""
    since: datetime | None = None
    measured: Measured = Measured()
    question: str = ""
    ask_until: datetime | None = None
    cleared_by: str = ""
    ready_at: datetime | None = None
    decision: str = ""
    overtaken: PackageRef | None = None
    newest: datetime | None = None
    ending: Ending | None = None

    def is_current(self, manifest: Manifest) -> bool:
        """Whether the world is at our generation, written by us: another's may bear the same number after a race."""
        packages = [route.package for route in manifest.routes if route.share]
        ours = self.route is not None and self.route.package in packages
        return ours and manifest.generation == self.generation


class UnderWay(Known):
    """A promotion that is not idle, with everything that it then has."""

    state: Promotion
    endpoint: EndpointRef
    route: Route
    step: CanaryStep
    since: datetime

    @classmethod
    def of(cls, state: Promotion, endpoint: EndpointRef) -> "UnderWay | None":
        if state.status == "idle" or state.route is None or not state.steps or state.since is None:
            return None
        return cls(state=state, endpoint=endpoint, route=state.route, step=state.steps[0], since=state.since)

    @property
    def has_champion_beside(self) -> bool:
        return self.state.before is not None and self.step.share < 100


class Approved(Known):
    """`rehearsed` is the package that staging restored, `problem` why that is not known."""

    manifest: Manifest
    rehearsed: PackageRef | None = None
    problem: str = ""


class Serving(Known):
    manifest: Manifest


class Live(Serving):
    """`instances` that were heard of lately, by id, with the counts of candidate and champion alone.

    `reference` is what staging counted of the candidate's predictions: None without a profile, empty where it cannot
    be read.
    """

    instances: dict[str, Instance] = {}
    reference: tuple[int, ...] | None = None

    def behind(self, generation: int) -> list[str]:
        return [name for name, instance in self.instances.items() if instance.generation < generation]
