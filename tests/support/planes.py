"""The control plane in memory, as one who only sends to hubs sees it: what fuzzing and its like are written against."""

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set

from shared.events import DeadLettered, Entity
from shared.events.system import SYSTEM
from shared.ports import Hub, Message
from tests.support.builders import endpoint_ref, model_ref
from tests.support.world import World

# Who reads a hub whose reader is not every service that reacts to one of its types.
_FOLDED: Sequence[Hub] = ("predictions", "labels")


class Plane:
    def __init__(self) -> None:
        self.world = World()

    async def deliver(self, hub: Hub, messages: Sequence[Message]) -> None:
        """A batch of one partition to everybody who reads the hub. Raises what they raise."""
        app = self.world.app
        if hub == "inbound":
            await app.translating.consume(hub, messages)
        elif hub in _FOLDED:
            for service in self._readers(hub):
                await app.folding.fold(self.world.services[service], hub, messages)
        else:
            for service in self._readers(hub):
                await app.streams.consume(self.world.services[service], hub, messages)
        self.world.hubs.waiting.clear()

    def _readers(self, hub: Hub) -> list[str]:
        if hub == "inbound":
            return ["intake"]
        if hub in _FOLDED:
            return [name for name, service in self.world.services.items() if hub in service.folds]
        return [
            name
            for name, service in self.world.services.items()
            if any(event_type.carried_by == hub for event_type in service.reactions)
        ]

    async def last(self, hub: Hub) -> int | None:
        """Where the reader is that is furthest behind."""
        if hub in _FOLDED:
            positions = [(await self.world.folds.read(name, hub, 0)).sequence for name in self._readers(hub)]
        else:
            known = [await self.world.positions.last(name, hub, 0) for name in self._readers(hub)]
            positions = [-1 if last is None else last for last in known]
        return min(positions)

    def letters(self, hub: Hub) -> Mapping[int, list[str]]:
        """Sequence number to the reasons for which this message of the hub was buried."""
        found: dict[int, list[str]] = defaultdict(list)
        for to, sent in self.world.hubs.log:
            if to == "dead-letter" and isinstance(sent.data, DeadLettered) and sent.data.hub == hub:
                found[sent.data.sequence].append(sent.data.reason)
        return found

    async def handled(self, hub: Hub, ids: Set[str]) -> set[str]:
        """Which of these came through: as a fact, as a settled decision, or among the rows that are kept."""
        if hub == "inbound":
            return set(ids) & {str(sent.causation_id) for to, sent in self.world.hubs.log if to == "events"}
        if hub in _FOLDED:
            kept = self.world.captures.predictions if hub == "predictions" else self.world.captures.labels
            rows = b"\n".join(kept.values())
            return {id for id in ids if f'"{id}"'.encode() in rows}
        return {id for id in ids if await self._is_settled(hub, id)}

    async def _is_settled(self, hub: Hub, id: str) -> bool:
        ledger = self.world.ledger
        if hub == "events":
            progress = await ledger.find("registration", model_ref(name=id).entity, id)
        else:
            progress = await ledger.find("brakes", Entity.of(SYSTEM, "brake", str(endpoint_ref(id).entity)), id)
        return progress is not None and progress.settled
