"""Folded states in a dictionary, kept as the JSON text that a store would hold."""

import json
from collections.abc import Sequence

from shared.events import canonical
from shared.ports import Folded, Folds, Hub, Moved, Refused

LIMIT_BYTES = 800 * 1024


class MemoryFolds(Folds):
    def __init__(self) -> None:
        self._states: dict[tuple[str, Hub, int], tuple[bytes, int, int]] = {}

    async def read(self, service: str, hub: Hub, partition: int) -> Folded:
        kept = self._states.get((service, hub, partition))
        return Folded(state={}) if kept is None else _folded(*kept)

    async def write(self, service: str, hub: Hub, partition: int, folded: Folded) -> None:
        body = canonical(dict(folded.state))
        if len(body) > LIMIT_BYTES:
            raise Refused(f"folded state of {service} is {len(body)} bytes, the limit is {LIMIT_BYTES}")
        present = await self.read(service, hub, partition)
        if present.version != folded.version:
            raise Moved(f"folded state of {service} {hub}/{partition} moved")
        self._states[service, hub, partition] = body, folded.sequence, int(present.version or 0) + 1

    async def all(self, service: str, hub: Hub) -> Sequence[Folded]:
        kept = sorted(item for item in self._states.items() if item[0][:2] == (service, hub))
        return [_folded(*state) for _, state in kept]


def _folded(body: bytes, sequence: int, version: int) -> Folded:
    return Folded(state=json.loads(body), sequence=sequence, version=str(version))
