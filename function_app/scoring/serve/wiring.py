"""What a process that serves models is made of, whatever door stands in front of it."""

from collections.abc import Callable
from functools import partial

from services.scoring import Batching, instance_of
from services.scoring.capture.buffer import CaptureBuffer
from services.scoring.instance.assembly import Instance
from services.scoring.instance.background import Pace
from services.scoring.model.prepared import PreparedModels
from services.scoring.model.warmth import Keeping
from shared.adapters.clock import SystemClock
from shared.adapters.instance_name import instance_name
from shared.ports import EventPublisher
from shared.settings.scoring import ScoringSettings

from .ports import open_ports


def scoring_instance(
    settings: ScoringSettings,
    make_batching: Callable[[], Batching],
    prepared: PreparedModels | None = None,
    sender: EventPublisher | None = None,
) -> Instance:
    """Answers as soon as its backgrounds run. Without `prepared` and `sender`, this process checks models and sends."""

    def capture() -> CaptureBuffer:
        return CaptureBuffer(SystemClock(), settings.capture_sampling, settings.capture_rows, settings.capture_features)

    keeping = Keeping(settings.rollback_window_s, settings.model_memory_mb << 20)
    pace = Pace(capture_share=settings.capture_loop_share)
    ports = partial(open_ports, settings, prepared, sender)
    return instance_of(settings.endpoints, capture, ports, keeping, instance_name, pace, make_batching)
