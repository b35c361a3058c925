"""Scored rows and their later labels, kept for joins, staging and reports."""

from datetime import date
from typing import NamedTuple, Protocol, Self

from shared.events import EndpointRef


class CaptureName(NamedTuple):
    """`<day of the newest row>/<day of the oldest row>-<hub partition>-<first message>-<last message>`.

    The same batch of messages always has the same name. After a crash, another batch may hold some of its messages
    again: who reads counts each key once.
    """

    newest: date
    oldest: date
    partition: int
    first: int
    last: int

    def __str__(self) -> str:
        return f"{self.newest}/{self.oldest}-{self.partition:03d}-{self.first:012d}-{self.last:012d}"

    @classmethod
    def parse(cls, name: str) -> Self:
        """Raises `ValueError`."""
        newest, _, rest = name.partition("/")
        partition, first, last = rest[11:].split("-")
        return cls(
            date.fromisoformat(newest), date.fromisoformat(rest[:10]), int(partition), int(first), int(last)
        )  # fmt: skip


class Captures(Protocol):
    """Append only: keeping a name again changes nothing."""

    async def keep_predictions(self, endpoint: EndpointRef, name: str, body: bytes) -> None:
        """`body` holds the JSON of a `PredictionsCaptured` on each line. Raises `Unavailable`."""
        ...

    async def keep_labels(self, endpoint: EndpointRef, name: str, body: bytes) -> None:
        """`body` holds the JSON of a `LabelsRecorded` on each line. Raises `Unavailable`."""
        ...
