"""An answer is waited for, and where it only begins something, the end of that."""

from typing import Any

import pytest

from function_app.operator.ordering.orders import Order
from function_app.operator.ordering.waiting import answer
from shared.adapters.memory.ledger import MemoryLedger
from shared.events import (
    DeadlineReached,
    Entity,
    Envelope,
    Event,
    RollbackCompleted,
    RollbackFailed,
    RollbackOrdered,
    RollbackStarted,
)
from shared.events.command_statement import Command
from shared.ports import Progress, Unavailable, Waiting
from shared.reactor import Publish
from tests.support.builders import NOW, endpoint_ref, envelope, package_ref
from tests.unit.operator.recorded import Recorder

ENDPOINT, BAD, GOOD = endpoint_ref(), package_ref("2", "b"), package_ref("1", "a")
_WHY: dict[str, Any] = {
    "endpoint": ENDPOINT,
    "package": BAD,
    "generation": 7,
    "reason": "slow",
    "requested_by": "petra",
}
STARTED = RollbackStarted(**_WHY, restored=GOOD)
COMPLETED = RollbackCompleted(**_WHY, restored=GOOD, instances=2, seconds=1.5, proofs=())
FAILED = RollbackFailed(**_WHY, restored=GOOD, behind=("instance-2",))
SENT: Envelope[Command] = envelope(RollbackOrdered(endpoint=ENDPOINT, operator="petra", reason="slow"))
ORDER = Order(SENT, "rollback", (RollbackCompleted.type, RollbackFailed.type))


class Slow(MemoryLedger):
    """Things happen between two looks of whoever waits: `later`, one group at each look."""

    def __init__(self, *later: tuple[Event, ...]) -> None:
        super().__init__()
        self.later, self.looks = list(later), 0

    async def find(self, service: str, entity: Entity, event_id: str) -> Progress | None:
        await self._go_on()
        return await super().find(service, entity, event_id)

    async def head(self, service: str, entity: Entity) -> Any:
        await self._go_on()
        return await super().head(service, entity)

    async def _go_on(self) -> None:
        events, self.later = (self.later[0], self.later[1:]) if self.later else ((), [])
        for event in events:
            self.looks += 1
            recorder = Recorder(_Plain(self))
            cause = SENT if event is STARTED else envelope(_LOOK, id=f"look {self.looks}")
            await recorder.decide("rollback", cause, *([] if event is _LOOK else [Publish(event=event)]))


class _Plain:
    """The ledger without its steps, for what records."""

    def __init__(self, ledger: Slow) -> None:
        self._ledger = ledger

    def __getattr__(self, name: str) -> Any:
        return getattr(super(Slow, self._ledger), name)


_LOOK = DeadlineReached(service="rollback", about=str(ENDPOINT.entity), key="look", at=NOW)


@pytest.mark.parametrize(
    ("later", "good"),
    [
        ([(), (STARTED,), (COMPLETED,)], True),
        ([(STARTED,), (_LOOK,), (_LOOK, COMPLETED, _LOOK)], True),
        ([(STARTED,), (_LOOK, FAILED)], False),
    ],
    ids=["one after another", "several at once", "it failed"],
)
async def test_a_rollback_is_answered_by_its_end(later: list[tuple[Event, ...]], good: bool) -> None:
    ledger = Slow(*later)
    found = await answer(ORDER, ledger, 20, lambda _: None)
    assert found is not None
    assert found.good is good
    assert "flights:2 taken back for flights:1" in found.text


async def test_what_keeps_it_waiting_is_said() -> None:
    ledger, notes = MemoryLedger(), list[str]()
    about = ENDPOINT.entity
    await ledger.wait(Waiting("rollback", about, SENT.id, {}, NOW, NOW, 3, "the manifest cannot be read"))
    assert await answer(ORDER, ledger, 0.05, notes.append) is None
    assert notes == ["control could not do it yet: the manifest cannot be read"]


async def test_a_ledger_that_cannot_be_read_for_a_moment_ends_no_waiting() -> None:
    class Blinking(MemoryLedger):
        seen = False

        async def find(self, service: str, entity: Entity, event_id: str) -> Progress | None:
            if not self.seen:
                self.seen = True
                raise Unavailable("503")
            return await super().find(service, entity, event_id)

    ledger, notes = Blinking(), list[str]()
    await Recorder(ledger).decide("rollback", SENT, Publish(event=FAILED))
    found = await answer(ORDER, ledger, 20, notes.append)
    assert found is not None
    assert (found.good, notes) == (False, ["the ledger cannot be read: 503"])


async def test_what_was_decided_but_could_not_be_done_is_a_no() -> None:
    ledger = MemoryLedger()
    await Recorder(ledger).decide("rollback", SENT, Publish(event=STARTED), outcome="refused")
    found = await answer(ORDER, ledger, 20, lambda _: None)
    assert found is not None
    assert (found.good, found.text) == (False, "rollback.started was refused")
