"""What scoring needs from outside, chosen for a fast start: nothing is imported before it is needed."""

import asyncio
import os
import platform
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import onnxruntime

from services.scoring import ScoringPorts
from services.scoring.model.loading import PREPARED_FORMAT
from services.scoring.model.prepared import PreparedModels
from shared.adapters.azure.storage.blob_reading import BlobReader, ReadManifests, ReadPackages
from shared.adapters.clock import SystemClock
from shared.adapters.onnx import OnnxRuntime
from shared.events import Envelope
from shared.ports import EventPublisher, Hub
from shared.settings.scoring import ScoringSettings

if TYPE_CHECKING:
    from shared.adapters.azure.event_hubs.publisher import EventHubPublisher


# What goes out in one message. Whoever sends it on its own loop lets others wait for that long.
SMALL_MESSAGES, LARGE_MESSAGES = 170_000, 800_000


def hubs_of(settings: ScoringSettings) -> dict[Hub, str]:
    return {"predictions": settings.hub_predictions.get_secret_value()}


class LatePublisher:
    """The hub's SDK takes 100 ms to import; the first answer need not wait for what is only told after it."""

    def __init__(self, connections: Mapping[Hub, str]) -> None:
        self._connections = connections
        self._behind: EventHubPublisher | None = None
        self._lock = asyncio.Lock()

    async def publish(self, hub: Hub, envelopes: Sequence[Envelope[Any]]) -> None:
        async with self._lock:
            if self._behind is None:
                self._behind = await asyncio.to_thread(_open_publisher, self._connections)
        await self._behind.publish(hub, envelopes)

    async def close(self) -> None:
        if self._behind is not None:
            await self._behind.close()


def _open_publisher(connections: Mapping[Hub, str]) -> "EventHubPublisher":
    from shared.adapters.azure.event_hubs.publisher import EventHubPublisher

    return EventHubPublisher(connections)


@asynccontextmanager
async def open_ports(
    settings: ScoringSettings, prepared: PreparedModels | None, sender: EventPublisher | None
) -> AsyncIterator[ScoringPorts]:
    """What this app's identity may do: read manifests and packages, send to hub predictions, if `sender` does not."""
    blobs = BlobReader(settings.sluice_storage.get_secret_value())
    publisher = LatePublisher(hubs_of(settings))
    try:
        yield ScoringPorts(
            manifests=ReadManifests(blobs),
            packages=ReadPackages(blobs),
            publisher=sender or publisher,
            message_bytes=SMALL_MESSAGES if sender is None else LARGE_MESSAGES,
            runtime=OnnxRuntime(settings.inference_threads or None, settings.inference_providers),
            clock=SystemClock(),
            prepared=prepared,
        )
    finally:
        await publisher.close()
        blobs.close()


def prepared_models(folder: str) -> PreparedModels:
    """`folder` empty: one of this user in the machine's temporary folder, so that a restart finds it again."""
    path = Path(folder or Path(tempfile.gettempdir()) / f"sluice-models-{os.getuid()}")
    kind = f"ort{onnxruntime.__version__}-{platform.machine()}-{PREPARED_FORMAT}"
    return PreparedModels(path, kind, [sys.executable, "-m", f"{__package__}.prepare"])
