"""Old decisions go to the archive whole, whoever dies between which two calls (kills): nothing is lost or doubled."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from azure.core.pipeline.transport import AioHttpTransport
from hypothesis import given, settings
from hypothesis import strategies as st

from function_app.operator.ledger.reading import read_chain
from function_app.operator.ledger.verification import Verdict, verify
from shared.adapters.azure.storage.archive import BlobArchive
from shared.adapters.memory import ManualClock, MemoryArchive, MemoryLedger
from shared.adapters.memory.grown import MemoryGrown
from shared.adapters.memory.seals import MemorySeals
from shared.events import Entity, Envelope, ModelRegistered
from shared.policies import Retention
from shared.ports import Archive, Ledger, Progress
from shared.ports.records.grown import End
from shared.reactor import Decision, Facts, Known, Publish
from shared.reactor.archive_pieces import BrokenPiece, read_piece, write_piece
from shared.reactor.recording import write_entry
from shared.reactor.retention import Archiving
from shared.reactor.sealing import seal
from tests.contract.conftest import Account
from tests.contract.examples import LEASE
from tests.contract.ledgers import table_ledger
from tests.support.builders import NOW, envelope, model_ref
from tests.support.faulty import Crash, Faults, Faulty
from tests.unit.operator.recorded import Counted, Recorder

pytestmark = pytest.mark.azure_untested
LIFE = timedelta(days=400)
ENTITY = model_ref().entity


@dataclass
class Kept:
    """A ledger with its archive, whose decisions are as old as a test likes; seals go by a clock of their own."""

    ledger: Ledger
    archive: Archive
    seals: MemorySeals
    entity: Entity = ENTITY

    async def decide(self, days_ago: float, count: int = 1, effects: int = 1, entity: Entity | None = None) -> None:
        recorder, about = (
            Recorder(self.ledger, await self.ledger.time() - timedelta(days=days_ago)),
            entity or self.entity,
        )
        for _ in range(count):
            event = await self.event(about)
            await recorder.decide("drift", event, *[Publish(event=event.data)] * effects, entity=about)

    async def event(self, about: Entity) -> Envelope[ModelRegistered]:
        number = (await self.ledger.head("drift", about)).length
        return envelope(ModelRegistered(model=model_ref()), id=f"event-{number}")

    async def begin(self, days_ago: float) -> None:
        """A decision whose effect is still under way."""
        event, head = await self.event(self.entity), await self.ledger.head("drift", self.entity)
        facts = Facts(await self.ledger.time() - timedelta(days=days_ago), event.id, Known())
        decision = Decision(Counted(), [Publish(event=event.data)])
        entry = write_entry("drift", self.entity, head, event, facts, "cd" * 32, decision)
        await self.ledger.record(entry, head, LEASE)

    async def seal(self, days_ago: float = 0) -> None:
        self.seals._clock = ManualClock(await self.ledger.time() - timedelta(days=days_ago))
        grown = MemoryGrown()
        await grown.note([End(name, of, head.length, True, head.hash) async for name, of, head in self.ledger.chains()])
        await seal(self.ledger, grown, self.seals)

    async def run(self) -> None:
        while await Archiving(self.ledger, self.archive, LIFE).run():
            pass

    async def ids(self) -> list[str]:
        """All of the chain, read as people read it."""
        chain = await read_chain(self.ledger, "drift", self.entity, self.archive)
        assert chain.unreadable == ""
        return [each.entry.event_id for each in chain.entries]

    async def here(self) -> int:
        """Entries in the ledger itself."""
        return len([each async for each in self.ledger.entries("drift", self.entity)])

    async def verified(self) -> Verdict:
        self.seals._clock = ManualClock(await self.ledger.time())
        return await verify(self.ledger, self.seals, self.archive)


@pytest.fixture
async def kept(place: Account | None) -> Kept:
    if place is None:
        return Kept(MemoryLedger(ManualClock(NOW)), MemoryArchive(), MemorySeals())
    archive = BlobArchive(place.storage.blobs, await place.container("archive"))
    return Kept(await table_ledger(place), archive, MemorySeals())


async def test_what_is_over_its_life_goes_to_the_archive_and_can_still_be_read_and_verified(kept: Kept) -> None:
    await kept.decide(500, count=3)
    await kept.seal(499)
    await kept.decide(300, count=2)
    await kept.seal()
    await kept.run()
    assert await kept.here() == 2
    assert await kept.ids() == [f"event-{number}" for number in range(5)]
    verdict = await kept.verified()
    assert (verdict.holds, verdict.entries, verdict.archived, verdict.gone) == (True, 5, 3, 0)


class Hanging(MemoryLedger):
    """The chains of `hangs` are never read to an end."""

    hangs: Sequence[Entity] = ()

    async def entries(self, service: str, entity: Entity) -> AsyncIterator[Progress]:
        if entity in self.hangs:
            await asyncio.Event().wait()
        async for each in super().entries(service, entity):
            yield each


async def test_chains_whose_try_is_cut_off_do_not_keep_the_others_from_their_turn() -> None:
    """More of them than are tried at once, and the first in order."""
    ledger = Hanging(ManualClock(NOW))
    kept, of = Kept(ledger, MemoryArchive(), MemorySeals()), [model_ref(f"m{number}").entity for number in range(18)]
    for entity in of:
        await kept.decide(500, entity=entity)
    archiving, ledger.hangs = Archiving(ledger, kept.archive, LIFE), of[:16]
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await archiving.run()
    async with asyncio.timeout(20):
        assert await archiving.run() is False
    left = {entity async for _, entity in ledger.aged(NOW)}
    assert left == set(of[:16])
    ledger.hangs = ()
    await archiving.run()
    assert not [chain async for chain in ledger.aged(NOW)]


async def test_a_month_goes_together_and_the_chain_goes_on_piece_by_piece(kept: Kept) -> None:
    await kept.decide(420, count=2)
    await kept.run()
    assert await kept.here() == 2
    await kept.decide(410)
    await kept.decide(1)
    later = Kept(kept.ledger, kept.archive, kept.seals)
    await Archiving(later.ledger, later.archive, LIFE - timedelta(days=15)).run()
    assert await kept.here() == 1
    await Archiving(later.ledger, later.archive, timedelta(days=-40)).run()
    assert (await kept.here(), len(await kept.ids())) == (0, 4)
    await kept.decide(0)
    await kept.seal()
    verdict = await kept.verified()
    assert (verdict.holds, verdict.entries, verdict.archived) == (True, 5, 4)


async def test_what_is_not_settled_stays_and_whatever_is_behind_it(kept: Kept) -> None:
    await kept.decide(500)
    await kept.begin(500)
    await kept.run()
    assert (await kept.here(), await kept.ids()) == (1, ["event-0", "event-1"])
    assert (await kept.ledger.head("drift", ENTITY)).open == "event-1"


async def test_a_chain_that_does_not_hold_stays_as_it_is_and_holds_nobody(kept: Kept) -> None:
    other = model_ref("other").entity
    await kept.decide(500, count=2)
    await kept.decide(500, entity=other)
    head = await kept.ledger.head("drift", ENTITY)
    first, _ = [each.entry async for each in kept.ledger.entries("drift", ENTITY)]
    await kept.ledger.record(replace(first, event_id="forged", position=2), head, None)
    await kept.run()
    assert (await kept.here(), (await kept.ledger.head("drift", other)).archived) == (3, 1)


async def test_a_piece_that_is_gone_before_its_time_is_missed_and_afterwards_it_is_not(kept: Kept) -> None:
    await kept.decide(500, count=2)
    await kept.seal(499)
    await kept.run()
    await kept.decide(0)
    await kept.seal()
    gone = replace(kept, archive=MemoryArchive())
    (problem,) = (await gone.verified()).problems
    assert (problem.position, "not in the archive" in problem.what) == (1, True)
    lives = Retention(ledger_days=100, archive_days=365)
    verdict = await verify(gone.ledger, gone.seals, gone.archive, lives)
    assert (verdict.holds, verdict.entries, verdict.gone) == (True, 1, 2)


async def test_an_altered_piece_is_named(kept: Kept) -> None:
    await kept.decide(500, count=2)
    await kept.run()
    head = await kept.ledger.head("drift", ENTITY)
    assert head.piece
    piece = read_piece(await kept.archive.read(head.piece))
    other = replace(piece.entries[0], entry=replace(piece.entries[0].entry, policy="ee" * 32))
    forged = MemoryArchive()
    forged.bodies[head.piece] = write_piece([other, piece.entries[1]], "")[0]
    (problem,) = (await replace(kept, archive=forged).verified()).problems
    assert "altered" in problem.what


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=200), st.booleans())
def test_bytes_that_are_no_piece_are_named(body: bytes, packed: bool) -> None:
    with pytest.raises(BrokenPiece):
        read_piece(gzip.compress(body) if packed else body)


async def test_a_long_chain_is_cut_into_pieces(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.reactor.archive_pieces._MOST_ENTRIES", 3)
    await kept.decide(500, count=8)
    await kept.run()
    assert (await kept.here(), len(await kept.ids())) == (0, 8)
    assert (await kept.verified()).holds


async def lost_or_doubled(kept: Kept, count: int) -> list[str]:
    """What is wrong with a chain of so many entries, as it can be read now."""
    ids, verdict = await kept.ids(), await kept.verified()
    return [*({f"event-{n}" for n in range(count)} ^ {*ids}), *ids[count:], *(each.what for each in verdict.problems)]


async def test_killed_between_every_two_calls_of_ports_nothing_is_lost_or_doubled(kept: Kept) -> None:
    for step in range(40):
        entity = model_ref(f"m{step}").entity
        one = replace(kept, entity=entity)
        await one.decide(500, count=4)
        faults = Faults(crash_in=step)
        dying: Any = [Faulty(each, faults) for each in (kept.ledger, kept.archive)]
        try:
            await Archiving(dying[0], dying[1], LIFE).run()
        except Crash:
            assert await lost_or_doubled(one, 4) == []
            await one.run()
            assert (await one.here(), await lost_or_doubled(one, 4)) == (0, [])
        else:
            assert step == 8  # before and after each of time, head, keep and shorten
            return
    raise AssertionError("it never came to its end")


@contextmanager
def dying_at(call: int, when: str) -> Iterator[None]:
    """The process dies right before, or right after, this call of the storage SDK reaches the store."""
    send, calls = AioHttpTransport.send, iter(range(1, 10_000))

    async def counted(self: AioHttpTransport, request: Any, **options: Any) -> Any:
        number = next(calls)
        if (number, when) == (call, "before"):
            raise Crash
        answer = await send(self, request, **options)
        if (number, when) == (call, "after"):
            raise Crash
        return answer

    AioHttpTransport.send = counted
    try:
        yield
    finally:
        AioHttpTransport.send = send


@pytest.mark.parametrize("when", ["before", "after"])
async def test_killed_at_every_call_to_the_store_nothing_is_lost_or_doubled(account: Account, when: str) -> None:
    """Ten decisions of thirty marks each: several transactions for one piece."""
    archive = BlobArchive(account.storage.blobs, await account.container("archive"))
    kept = Kept(await table_ledger(account), archive, MemorySeals())
    for call in range(1, 40):
        one = replace(kept, entity=model_ref(f"m{call}").entity)
        await one.decide(500, count=10, effects=30)
        try:
            with dying_at(call, when):
                await one.run()
        except Crash:
            assert await lost_or_doubled(one, 10) == []
            await one.run()
            await Archiving(one.ledger, one.archive, LIFE - timedelta(days=60)).run()
            assert (await one.here(), await lost_or_doubled(one, 10)) == (0, [])
        else:
            assert call > 8
            return
    raise AssertionError("it never came to its end")
