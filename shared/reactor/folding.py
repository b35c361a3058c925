"""Row streams are folded, not decided row by row: states and position move together, or not at all."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from shared.events import Entity, Unreadable
from shared.ports import Clock, EventPublisher, Folds, Hub, Message, Moved, Place, Position
from shared.reactor.fold_codec import decode_state
from shared.reactor.fold_failures import FoldFailures
from shared.reactor.fold_keys import At, FoldKeys
from shared.reactor.fold_rows import bounded, read
from shared.reactor.hub_log import HubLog
from shared.reactor.reading import Stretch
from shared.reactor.service import Service, State
from shared.reactor.stalls import Stalls
from shared.reactor.wiring import Wiring


class Folding:
    """Only `Unavailable` of our own storage holds a partition; whatever else is wrong harms its own message or key."""

    def __init__(
        self, wiring: Wiring, folds: Folds, publisher: EventPublisher, log: HubLog, failures: FoldFailures,
        stalls: Stalls, clock: Clock,
    ) -> None:  # fmt: skip
        self._clock = clock
        self._folds, self._log, self._failures, self._stalls = folds, log, failures, stalls
        self._keys = FoldKeys(wiring, folds, publisher, failures)

    async def fold(self, service: Service, hub: Hub, messages: Sequence[Message]) -> None:
        """Fold a batch of one partition in, before the checkpoint moves. Raises `Unavailable`.

        Step by step, and each moves the position. Events are published before a step's states are written: their ids
        derive from what was folded, so that folding again after a crash publishes the same ones.
        """
        if not messages:
            return
        at = At(service.folds[hub], Place(service.name, hub, messages[0].partition))
        end = max(message.sequence for message in messages)
        await self._stalls.watch(at.place, messages[0].sequence, self._up_to(at, messages, end))

    async def catch_up(self, service: Service, hub: Hub, behind: Stretch) -> None:
        """Fold in what was left behind. Raises `Unavailable`."""
        at = At(service.folds[hub], behind.place)
        await self._stalls.watch(behind.place, behind.first, self._up_to(at, [], behind.last), behind.since)

    async def _up_to(self, at: At, messages: Sequence[Message], end: int) -> None:
        while not await self._step(at, messages, end):
            pass

    async def _step(self, at: At, messages: Sequence[Message], end: int) -> bool:
        """Whether everything up to `end` is folded in, of which these are known."""
        position = await self._position(at.place, messages)
        if position.sequence >= end:
            return True
        # A hub may deliver twice within one batch, too: each sequence number counts once, and in order.
        unseen = {message.sequence: message for message in messages if message.sequence > position.sequence}
        next_ones = await self._next(at.place, position, [unseen[number] for number in sorted(unseen)], end)
        rows, misread = read(at.fold, *next_ones, self._clock.now())
        changed, through = await self._keys.fold(at, rows)
        for message, reason in misread:
            if message.sequence <= through:
                await self._failures.unreadable(at.place.reader, message, reason)
        try:
            await self._folds.write(at.place, replace(position, sequence=through), changed)
        except Moved:
            return False
        return through >= end

    async def _position(self, place: Place, messages: Sequence[Message]) -> Position:
        """Where to go on, in the log that the hub is now. Numbers that follow on the stored one prove which it is."""
        written = await self._folds.position(place)
        if written and min((message.sequence for message in messages), default=None) == written.sequence + 1:
            return written
        epoch = await self._log.epoch(place)
        if written is None or written.epoch == epoch:
            return written or Position(epoch)
        await self._log.tell_replaced(place, written.epoch, epoch)
        return replace(written, sequence=-1, epoch=epoch)

    async def _next(
        self, place: Place, position: Position, unseen: Sequence[Message], end: int
    ) -> tuple[Sequence[Message], int]:
        """What follows on the position without a gap, and the number up to which that is everything."""
        first, start = position.sequence + 1, unseen[0].sequence if unseen else end + 1
        if start > first:
            is_new = position.version is None
            found, through = await self._log.read_back(place, first, start - 1, is_new=is_new)
            if found or not unseen:
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
