"""The control plane in memory, as one who only sends to hubs sees it: what fuzzing and its like are written against."""

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set

from shared.events import DeadLettered, Entity
from shared.events.system import SYSTEM
from shared.ports import Hub, Message, Place
from shared.reactor.lanes import Lane, lanes_of
from tests.support.builders import endpoint_ref, model_ref
from tests.support.world import World


class Plane:
    def __init__(self) -> None:
        self.world = World()
        self._lanes = lanes_of(self.world.services)

    async def deliver(self, hub: Hub, messages: Sequence[Message]) -> None:
        """A batch of one partition to everybody who reads the hub. Raises what they raise."""
        app = self.world.app
        if hub == "inbound":
            await app.translating.consume(messages)
        for service in self._folders(hub):
            await app.runtime.folding.fold(self.world.services[service], hub, messages)
        for lane in self._readers(hub):
            await app.runtime.lanes.consume(lane, messages)
        self.world.hubs.waiting.clear()

    def _folders(self, hub: Hub) -> list[str]:
        return [name for name, service in self.world.services.items() if hub in service.folds]

    def _readers(self, hub: Hub) -> list[Lane]:
        return [lane for lane in self._lanes.values() if lane.hub == hub]

    async def last(self, hub: Hub) -> int:
        """Where the reader is that is furthest behind; -1 before the first message."""
        folded = [await self.world.folds.position(Place(name, hub, 0)) for name in self._folders(hub)]
        readers = ["intake"] if hub == "inbound" else [lane.name for lane in self._readers(hub)]
        read = [await self.world.positions.read(Place(name, hub, 0)) for name in readers]
        return min(position.sequence if position else -1 for position in (*folded, *read))

    def take_letters(self, hub: Hub) -> Mapping[int, list[str]]:
        """Sequence number to the reasons for which this message of the hub was buried since the last time."""
        found: dict[int, list[str]] = defaultdict(list)
        for to, sent in self.world.hubs.log:
            if to == "dead-letter" and isinstance(sent.data, DeadLettered) and sent.data.hub == hub:
                found[sent.data.sequence].append(sent.data.reason)
        self.world.hubs.log.clear()
        self.world.letter_bodies.bodies.clear()
        return found

    async def handled(self, hub: Hub, ids: Set[str]) -> set[str]:
        """Which of these came through: as a fact, as a settled decision, or among the rows that are kept."""
        if hub == "inbound":
            return set(ids) & {str(sent.causation_id) for to, sent in self.world.hubs.log if to == "events"}
        if hub in ("predictions", "labels"):
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
