"""The host's checkpoints in a list."""

from collections.abc import Iterable, Sequence

from shared.ports import HostCheckpoint, HostCheckpoints, Hub, Moved


class MemoryHostCheckpoints(HostCheckpoints):
    def __init__(self, written: Iterable[HostCheckpoint] = ()) -> None:
        self._written = {_place(each): each for each in written}

    def write(self, checkpoint: HostCheckpoint) -> None:
        """As the host does."""
        self._written[_place(checkpoint)] = checkpoint

    async def of(self, hub: Hub) -> Sequence[HostCheckpoint]:
        return [each for each in self._written.values() if each.hub == hub]

    async def forget(self, checkpoint: HostCheckpoint) -> None:
        present = self._written.get(_place(checkpoint))
        if present is not None and present.version != checkpoint.version:
            raise Moved(f"the host's checkpoint of {checkpoint.group} in {checkpoint.hub}/{checkpoint.partition}")
        self._written.pop(_place(checkpoint), None)


def _place(checkpoint: HostCheckpoint) -> tuple[str, str, int]:
    return checkpoint.hub, checkpoint.group, checkpoint.partition
