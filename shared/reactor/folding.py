"""Row streams are folded, not decided row by row: state and last sequence number move together, or not at all."""

from collections.abc import Sequence

from shared.ports import EventPublisher, Folded, Folds, Hub, Message, Moved
from shared.reactor.service import Service
from shared.reactor.streams import Gaps
from shared.reactor.wiring import Wiring


class Folding:
    def __init__(self, wiring: Wiring, folds: Folds, publisher: EventPublisher, gaps: Gaps) -> None:
        self._wiring, self._folds, self._publisher, self._gaps = wiring, folds, publisher, gaps

    async def fold(self, service: Service, hub: Hub, messages: Sequence[Message]) -> None:
        """Fold a batch of one partition in, before the checkpoint moves. Raises `Unavailable`.

        Events are published before the state is written: their ids derive from what was folded, so that folding again
        after a crash publishes the same ones.
        """
        while messages and not await self._try(service, hub, messages):
            pass

    async def _try(self, service: Service, hub: Hub, messages: Sequence[Message]) -> bool:
        partition, fold = messages[0].partition, service.folds[hub]
        before = await self._folds.read(service.name, hub, partition)
        # A hub may deliver twice within one batch, too: each sequence number counts once, and in order.
        unseen = {message.sequence: message for message in messages if message.sequence > before.sequence}
        new = [unseen[sequence] for sequence in sorted(unseen)]
        if not new:
            return True
        last = before.sequence if before.version else None
        new = await self._gaps.close(service.name, hub, last, new)
        state = fold.state.model_validate(before.state)
        result = await fold.fold(**self._wiring.arguments(fold.fold, state=state, messages=new, partition=partition))
        if result.events:
            await self._publisher.publish("events", result.events)
        after = Folded(result.state.model_dump(mode="json"), new[-1].sequence, before.version)
        try:
            await self._folds.write(service.name, hub, partition, after)
        except Moved:
            return False
        return True
