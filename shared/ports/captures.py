"""Scored rows and their later labels, kept for joins, staging and reports."""

from typing import Protocol

from shared.events import EndpointRef


class Captures(Protocol):
    """Append only; `name` is derived from where the rows came from, so that keeping them again changes nothing."""

    async def keep_predictions(self, endpoint: EndpointRef, name: str, body: bytes) -> None:
        """`body` is the JSON of a `PredictionsCaptured`. Raises `Unavailable`."""
        ...

    async def keep_labels(self, endpoint: EndpointRef, name: str, body: bytes) -> None:
        """`body` is the JSON of a `LabelsRecorded`. Raises `Unavailable`."""
        ...
