"""How many instances a backlog asks for, as Azure's target-based scaling reckons for Event Hubs."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Partition:
    """Sequence numbers: the first and the last that the hub keeps, and the checkpoint's; an empty one has no last."""

    first: int
    last: int | None
    checkpoint: int | None

    @property
    def unprocessed(self) -> int:
        """Without a checkpoint all that is kept. A checkpoint ahead, of a hub that was made anew, means none."""
        if self.last is None:
            return 0
        done = self.first - 1 if self.checkpoint is None else self.checkpoint
        return max(0, self.last - done)


def instances_for(partitions: Sequence[Partition], events_each: int) -> int:
    """Rounded up to a number that shares the partitions out evenly, and no more than there are partitions."""
    unprocessed = sum(partition.unprocessed for partition in partitions)
    needed = -(-unprocessed // events_each)
    if needed == 0:
        return 0
    even = [count for count in range(1, len(partitions) + 1) if len(partitions) % count == 0]
    return next((count for count in even if count >= needed), len(partitions))
