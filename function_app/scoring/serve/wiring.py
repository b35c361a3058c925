"""What a process that serves models is made of, whatever server stands in front of it."""

from services.scoring import instance_of
from services.scoring.capture.buffer import CaptureBuffer
from services.scoring.instance.assembly import Instance
from services.scoring.instance.background import Pace
from services.scoring.model.warmth import Keeping
from shared.adapters.clock import SystemClock
from shared.adapters.instance_name import instance_name
from shared.settings.scoring import ScoringSettings

from .ports import open_ports


def scoring_instance(settings: ScoringSettings) -> Instance:
    """Answers as soon as its backgrounds run, on the loop that is to score."""

    def capture() -> CaptureBuffer:
        return CaptureBuffer(SystemClock(), settings.capture_sampling, settings.capture_rows, settings.capture_features)

    keeping = Keeping(settings.rollback_window_s, settings.model_memory_mb << 20)
    pace = Pace(capture_share=settings.capture_loop_share)
    return instance_of(settings.endpoints, capture, lambda: open_ports(settings), keeping, instance_name, pace)
