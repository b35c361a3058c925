"""Rows and labels on their way into the store: one file a batch, since every file costs its reader."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, date

from shared.events import EndpointRef, LabelsRecorded, PredictionsCaptured
from shared.ports import CaptureName

# A batch of very wide rows is not held in memory as a whole.
_MOST_BYTES = 8_000_000

type Block = PredictionsCaptured | LabelsRecorded
type Keep = Callable[[EndpointRef, str, bytes], Awaitable[None]]


@dataclass(slots=True)
class _File:
    first: int
    last: int = 0
    lines: list[bytes] = field(default_factory=list)
    days: set[date] = field(default_factory=set)

    def add(self, sequence: int, block: Block) -> None:
        self.last = sequence
        self.lines.append(block.model_dump_json().encode())
        self.days |= {moment.astimezone(UTC).date() for moment in (min(block.observed_at), max(block.observed_at))}

    def name(self, partition: int) -> str:
        return str(CaptureName(max(self.days), min(self.days), partition, self.first, self.last))


class Keeping:
    """One batch of one hub partition; `keep` is the store's. Nothing is kept for certain before `done`."""

    def __init__(self, keep: Keep, partition: int) -> None:
        self._keep, self._partition = keep, partition
        self._files: dict[EndpointRef, _File] = {}

    async def add(self, sequence: int, block: Block) -> None:
        """Raises `Unavailable`."""
        if not block.keys:
            return
        file = self._files.setdefault(block.endpoint, _File(sequence))
        file.add(sequence, block)
        if sum(map(len, file.lines)) >= _MOST_BYTES:
            await self._write(block.endpoint)

    async def done(self) -> None:
        """Raises `Unavailable`."""
        for endpoint in list(self._files):
            await self._write(endpoint)

    async def _write(self, endpoint: EndpointRef) -> None:
        file = self._files.pop(endpoint)
        await self._keep(endpoint, file.name(self._partition), b"\n".join(file.lines))
