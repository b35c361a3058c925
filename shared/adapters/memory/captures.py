"""Captured rows and labels in dictionaries, by endpoint and name."""

from shared.adapters.names import is_path
from shared.events import EndpointRef
from shared.ports import Captures, Refused


class MemoryCaptures(Captures):
    def __init__(self) -> None:
        self.predictions: dict[tuple[EndpointRef, str], bytes] = {}
        self.labels: dict[tuple[EndpointRef, str], bytes] = {}

    async def keep_predictions(self, endpoint: EndpointRef, name: str, body: bytes) -> None:
        self.predictions.setdefault((endpoint, _checked(name)), body)

    async def keep_labels(self, endpoint: EndpointRef, name: str, body: bytes) -> None:
        self.labels.setdefault((endpoint, _checked(name)), body)


def _checked(name: str) -> str:
    if not is_path(name):
        raise Refused(f"name: {name[:80]!r} cannot name a capture")
    return name
