"""What a process serves: endpoints that are named, or all that a workspace has; scorers, captures, background work."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace

from services.scoring.answering.batching import Batching
from services.scoring.answering.endpoints import Endpoints
from services.scoring.answering.inference_server import InferenceServer
from services.scoring.answering.scorer import Limits, Scorer
from services.scoring.capture.buffer import CaptureBuffer
from services.scoring.instance.background import Background, Pace, ScoringPorts
from services.scoring.instance.roster import Roster
from services.scoring.instance.stoppable import Stoppable
from services.scoring.model.warmth import Keeping, Sharers
from shared.events import EndpointRef

type OpenPorts = Callable[[], AbstractAsyncContextManager[ScoringPorts]]


@dataclass(frozen=True, slots=True)
class Instance:
    """`scorer` is what doors ask: of all endpoints together. `scorers` and `captures` may grow while it runs."""

    scorer: InferenceServer
    scorers: Mapping[str, Scorer]
    captures: Sequence[CaptureBuffer]
    backgrounds: Sequence[Stoppable]


@dataclass(frozen=True, slots=True)
class Making:
    """What each endpoint of a process is made with.

    `name` makes one that is unique among all starts, since counts begin at zero with each. `keeping.memory_bytes` and
    `pace.capture_share` are shared by all endpoints evenly. `batching` is called for each, since no two share a run; a
    door that flushes may give the same one to all.
    """

    capture: Callable[[], CaptureBuffer]
    open_ports: OpenPorts
    keeping: Keeping
    name: Callable[[], str]
    pace: Pace
    batching: Callable[[], Batching]
    limits: Limits | None = None


class _Growing:
    """Makes one endpoint after the other; all of them share alike."""

    def __init__(self, making: Making) -> None:
        self._making, self._sharers = making, Sharers(0)
        self.together = Endpoints([], is_complete=False)
        self.scorers: dict[str, Scorer] = {}
        self.captures: list[CaptureBuffer] = []

    def complete(self) -> None:
        """Those that there are at the start have been added."""
        self.together.is_complete = True

    def add(self, endpoint: EndpointRef, open_ports: OpenPorts) -> Background:
        making, capture = self._making, self._making.capture()
        scorer = Scorer(capture, making.limits, making.batching())
        self._sharers.count += 1
        self.scorers[endpoint.name] = scorer
        self.captures.append(capture)
        self.together.join(scorer)
        return Background(
            endpoint, making.name(), scorer, capture, open_ports, replace(making.pace, sharers=self._sharers),
            replace(making.keeping, sharers=self._sharers), lambda name: self.together.is_taken(name, scorer),
        )  # fmt: skip


def instance_of(endpoints: Sequence[EndpointRef], making: Making) -> Instance:
    """One that serves these endpoints. What doors ask of a single one is its scorer itself, which costs nothing."""
    growing = _Growing(making)
    backgrounds = [growing.add(endpoint, making.open_ports) for endpoint in endpoints]
    growing.complete()
    only = next(iter(growing.scorers.values()))
    together = only if len(growing.scorers) == 1 else growing.together
    return Instance(together, growing.scorers, growing.captures, backgrounds)


def instance_of_all(workspace: str, making: Making) -> Instance:
    """One that serves every endpoint of the workspace which has a manifest, also those to come."""
    growing = _Growing(making)
    roster = Roster(workspace, growing, making.open_ports, making.pace)
    return Instance(growing.together, growing.scorers, growing.captures, [roster])
