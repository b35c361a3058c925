"""Row streams are folded, not decided row by row: states and position move together, or not at all."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from shared.events import Entity, HubReplaced, Unreadable
from shared.ports import EventPublisher, FoldPosition, Folds, Hub, Message, Moved
from shared.reactor.fold_codec import decode_state
from shared.reactor.fold_failures import FoldFailures
from shared.reactor.fold_keys import FoldKeys, Place
from shared.reactor.fold_rows import bounded, read
from shared.reactor.hub_log import HubLog
from shared.reactor.service import Service, State
from shared.reactor.wiring import Wiring


class Folding:
    """Only `Unavailable` of our own storage holds a partition; whatever else is wrong harms its own message or key."""

    def __init__(
        self, wiring: Wiring, folds: Folds, publisher: EventPublisher, log: HubLog, failures: FoldFailures
    ) -> None:
        self._folds, self._log, self._failures = folds, log, failures
        self._keys = FoldKeys(wiring, folds, publisher, failures)

    async def fold(self, service: Service, hub: Hub, messages: Sequence[Message]) -> None:
        """Fold a batch of one partition in, before the checkpoint moves. Raises `Unavailable`.

        Step by step, and each moves the position. Events are published before a step's states are written: their ids
        derive from what was folded, so that folding again after a crash publishes the same ones.
        """
        if messages:
            place = Place(service, service.folds[hub], messages[0].partition)
            while not await self._step(place, messages):
                pass

    async def _step(self, place: Place, messages: Sequence[Message]) -> bool:
        """Whether the batch is folded in."""
        position = await self._position(place, messages)
        # A hub may deliver twice within one batch, too: each sequence number counts once, and in order.
        unseen = {message.sequence: message for message in messages if message.sequence > position.sequence}
        if not unseen:
            return True
        rows, misread = read(place.fold, *await self._next(place, position, [unseen[n] for n in sorted(unseen)]))
        changed, through = await self._keys.fold(place, rows)
        for message, reason in misread:
            if message.sequence <= through:
                await self._failures.unreadable(place.service.name, message, reason)
        try:
            await self._folds.write(*place.key, replace(position, sequence=through), changed)
        except Moved:
            return False
        return through >= max(unseen)

    async def _position(self, place: Place, messages: Sequence[Message]) -> FoldPosition:
        """Where to go on, in the log that the hub is now. Numbers that follow on the stored one prove which it is."""
        position = await self._folds.position(*place.key)
        first = min(message.sequence for message in messages)
        if position.version is not None and first == position.sequence + 1:
            return position
        epoch = await self._log.epoch(place.fold.hub)
        if position.version is None or position.epoch == epoch:
            return replace(position, epoch=epoch)
        replaced = HubReplaced(hub=place.fold.hub, partition=place.partition, before=position.epoch, after=epoch)
        await self._log.tell_replaced(replaced)
        return replace(position, sequence=-1, epoch=epoch)

    async def _next(
        self, place: Place, position: FoldPosition, unseen: Sequence[Message]
    ) -> tuple[Sequence[Message], int]:
        """What follows on the position without a gap, and the number up to which that is everything."""
        first, start = position.sequence + 1, unseen[0].sequence
        if start > first:
            epoch = position.epoch if position.version is not None else ""
            found, through = await self._log.read_back(*place.key, first, start - 1, epoch)
            if found:
                return bounded(found, through)
        run = [message for number, message in enumerate(unseen, start) if message.sequence == number]
        return bounded(run, run[-1].sequence)


async def folded_states[S: State](
    folds: Folds, fold: str, hub: Hub, key: Entity, kind: type[S]
) -> Mapping[int, S | None]:
    """The states of one key in all partitions that the fold has met: None where it has none, or none to be read.

    Raises `Unavailable`.
    """
    found = await folds.of(fold, hub, str(key))
    return {partition: _readable(body, kind) if body is not None else None for partition, body in found.items()}


def _readable[S: State](body: bytes, kind: type[S]) -> S | None:
    """What cannot be read is set aside, and told, when the next row of its key comes."""
    try:
        return decode_state(body, kind)
    except Unreadable:
        return None
