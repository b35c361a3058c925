"""One endpoint as this process serves it: its scorer, what it captures, and its background work."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace

from services.scoring.answering.batching import Batching
from services.scoring.answering.endpoints import Endpoints
from services.scoring.answering.inference_server import InferenceServer
from services.scoring.answering.scorer import Limits, Scorer
from services.scoring.capture.buffer import CaptureBuffer
from services.scoring.instance.background import Background, Pace, ScoringPorts
from services.scoring.model.warmth import Keeping
from shared.events import EndpointRef


@dataclass(frozen=True, slots=True)
class Instance:
    """`scorer` is what doors ask: of all endpoints together."""

    scorer: InferenceServer
    scorers: dict[str, Scorer]
    captures: tuple[CaptureBuffer, ...]
    backgrounds: tuple[Background, ...]


def instance_of(
    endpoints: Sequence[EndpointRef],
    make_capture: Callable[[], CaptureBuffer],
    open_ports: Callable[[], AbstractAsyncContextManager[ScoringPorts]],
    keeping: Keeping,
    name: Callable[[], str],
    pace: Pace,
    make_batching: Callable[[], Batching],
    limits: Limits | None = None,
) -> Instance:
    """`name` makes one that is unique among all starts, since counts begin at zero with each.

    `keeping.memory_bytes` and `pace.capture_share` are shared by all endpoints evenly. `make_batching` is called for
    each, since no two share a run; a door that flushes may give the same one to all.
    """
    captures = tuple(make_capture() for _ in endpoints)
    scorers = {
        ref.name: Scorer(capture, limits, make_batching()) for ref, capture in zip(endpoints, captures, strict=True)
    }
    together = Endpoints(list(scorers.values()))
    keeping = Keeping(keeping.window_s, keeping.memory_bytes // len(endpoints))
    pace = replace(pace, capture_share=pace.capture_share / len(endpoints))
    parts = zip(endpoints, scorers.values(), captures, strict=True)
    backgrounds = tuple(
        Background(ref, name(), scorer, capture, open_ports, pace, keeping, _taken(together, scorer))
        for ref, scorer, capture in parts
    )
    only = next(iter(scorers.values()))
    return Instance(only if len(scorers) == 1 else together, scorers, captures, backgrounds)


def _taken(together: Endpoints, scorer: Scorer) -> Callable[[str], bool]:
    return lambda name: together.is_taken(name, scorer)
