"""The rows of one step of a fold: read from messages, gathered by key, and cut to what one step may touch."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.events import Entity, Envelope, Unreadable, decode
from shared.events.hubs import may_carry
from shared.ports import Message
from shared.ports.records.folds import MOST_BYTES, MOST_ROWS
from shared.reactor.service import Fold, Row

# Bodies that are read into objects at once, which are many times as large.
_READ_BYTES = 8_000_000
# States grow while rows are folded in, so that a step starts with room to spare.
_STORED_BYTES = MOST_BYTES * 2 // 3


@dataclass(frozen=True, slots=True)
class Keyed:
    """A row with the message it came in, and what it is about."""

    message: Message
    row: Row
    key: Entity


@dataclass(frozen=True, slots=True)
class Rows:
    """`through` is the number up to which these are all that there is. They are cut at a message."""

    rows: Sequence[Keyed]
    through: int

    def first(self, count: int) -> "Rows":
        cut = count < len(self.rows)
        return Rows(self.rows[:count], self.rows[count].row.sequence - 1) if cut else self

    def with_few_keys(self) -> "Rows":
        """So many that one step may write all their states."""
        return self._while_below(MOST_ROWS, lambda key: 1)

    def with_small_states(self, stored: Mapping[Entity, int]) -> "Rows":
        """`stored` are the sizes of states, in bytes."""
        return self._while_below(_STORED_BYTES, lambda key: stored.get(key, 0))

    def _while_below(self, most: int, weight: Callable[[Entity], int]) -> "Rows":
        met: set[Entity] = set()
        total = 0
        for index, each in enumerate(self.rows):
            total += 0 if each.key in met else weight(each.key)
            met.add(each.key)
            if index and total > most:
                return self.first(index)
        return self

    def by_key(self) -> Mapping[Entity, Sequence[Keyed]]:
        found: dict[Entity, list[Keyed]] = {}
        for each in self.rows:
            found.setdefault(each.key, []).append(each)
        return found


type Misread = tuple[Message, Unreadable]


def read(fold: Fold, messages: Iterable[Message], through: int, now: datetime) -> tuple[Rows, Sequence[Misread]]:
    """The fold's rows among these messages, and what it has to bury."""
    rows: list[Keyed] = []
    misread: list[Misread] = []
    # Nearly all of a hub may be blocks of half a megabyte: to look for a name costs far less than to decode.
    names = [f'"{kind.type}"'.encode() for kind in fold.types]
    for message in messages:
        if not fold.buries and not any(name in message.body for name in names):
            continue
        try:
            rows += _keyed(fold, message, _envelope(message, now))
        except Unreadable as reason:
            misread += [(message, reason)] if fold.buries else []
    return Rows(rows, through), misread


def _envelope(message: Message, now: datetime) -> Envelope[Any]:
    """Raises `Unreadable`, also for times beyond the horizon, and for what the hub may not carry."""
    envelope = decode(message.content(), now)
    if not may_carry(message.hub, envelope.data):
        raise Unreadable(f"type: hub {message.hub} may not carry {envelope.data.type}")
    return envelope


def _keyed(fold: Fold, message: Message, envelope: Envelope[Any]) -> list[Keyed]:
    if not isinstance(envelope.data, fold.types):
        return []
    return [Keyed(message, Row(message.sequence, envelope), fold.key(envelope.data))]


def bounded(messages: Sequence[Message], through: int) -> tuple[Sequence[Message], int]:
    """The first of these messages, as many as may be read into memory at once."""
    size = 0
    for index, message in enumerate(messages):
        size += len(message.body)
        if index and size > _READ_BYTES:
            return messages[:index], messages[index - 1].sequence
    return messages, through
