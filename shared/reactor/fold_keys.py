"""One step of a fold, key by key: what is wrong with a row or a state harms that row or that state."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.events import Entity, Unreadable
from shared.ports import EventPublisher, Folds, Place, Refused, Unavailable
from shared.ports.records.folds import LARGEST_STATE, too_large
from shared.reactor.fold_codec import decode_state, encode_state
from shared.reactor.fold_failures import FoldFailures
from shared.reactor.fold_rows import Keyed, Rows
from shared.reactor.service import Fold, Row, State
from shared.reactor.wiring import Wiring


@dataclass(frozen=True, slots=True)
class At:
    """What is folded, and where."""

    fold: Fold
    place: Place


@dataclass(frozen=True, slots=True)
class _Held:
    """A state, and its bytes where they are new."""

    state: State
    changed: bytes = b""


class FoldKeys:
    def __init__(self, wiring: Wiring, folds: Folds, publisher: EventPublisher, failures: FoldFailures) -> None:
        self._wiring, self._folds, self._publisher, self._failures = wiring, folds, publisher, failures

    async def fold(self, at: At, rows: Rows) -> tuple[Mapping[str, bytes], int]:
        """The states that these rows change, or the first of them, and the number up to which they are folded in.

        As many rows as one step may write the states of. Raises `Unavailable`.
        """
        rows = rows.with_few_keys()
        names = {str(key): key for key in rows.by_key()}
        stored = await self._folds.states(at.place, names)
        rows = rows.with_small_states({names[name]: len(body) for name, body in stored.items()})
        states = {key: await self._state(at, key, stored.get(str(key))) for key in rows.by_key()}
        return await self._changed(at, states, rows)

    async def _state(self, at: At, key: Entity, body: bytes | None) -> State:
        if body is None:
            return at.fold.state()
        try:
            return decode_state(body, at.fold.state)
        except Unreadable as reason:
            await self._failures.unreadable_state(at.place, key, body, reason)
            return at.fold.state()

    async def _changed(self, at: At, states: Mapping[Entity, State], rows: Rows) -> tuple[Mapping[str, bytes], int]:
        """After fewer rows, where the states would have grown beyond one step."""
        held = {key: await self._rows(at, mine, _Held(states[key])) for key, mine in rows.by_key().items()}
        changed = {str(key): each.changed for key, each in held.items() if each.changed}
        if too_large(changed):
            return await self._changed(at, states, rows.first(len(rows.rows) // 2))
        return changed, rows.through

    async def _rows(self, at: At, rows: Sequence[Keyed], held: _Held) -> _Held:
        """All of one key. Those that cannot be folded are found by halving."""
        try:
            return await self._once(at, [each.row for each in rows], held)
        except Exception as error:  # no outage, so it is the rows: the bad one is found
            if _is_outage(error):
                raise
            if len(rows) == 1:
                await self._failures.refused(at.place.reader, rows[0], error)
                return held
        for half in (rows[: len(rows) // 2], rows[len(rows) // 2 :]):
            held = await self._rows(at, half, held)
        return held

    async def _once(self, at: At, rows: Sequence[Row], held: _Held) -> _Held:
        fold = at.fold.fold
        named = {"state": held.state, "rows": rows, "partition": at.place.partition}
        result = await fold(**self._wiring.arguments(fold, **named))
        body = held.changed if result.state == held.state else encode_state(result.state)
        if len(body) > LARGEST_STATE:
            raise Refused(f"the state would have {len(body)} bytes, the limit is {LARGEST_STATE}")
        if result.events:
            await self._publisher.publish("events", result.events)
        return _Held(result.state, body)


def _is_outage(error: Exception) -> bool:
    """Storage that is down is no row's fault, also where several calls of a folder met it at once."""
    if isinstance(error, ExceptionGroup):
        return error.subgroup(Unavailable) is not None
    return isinstance(error, Unavailable)
