"""Minute seals (N2): the ends of the chains that grew, kept once, each naming the one before and the list of all."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.memory.grown import MemoryGrown
from shared.adapters.memory.seals import MemorySeals
from shared.events import Entity
from shared.ports import Head, Refused, Unavailable
from shared.ports.records.seals import KeptSeal
from shared.reactor import Breaker, Patience, Reactor
from shared.reactor.sealing import (
    BrokenSeal,
    FullList,
    Seal,
    SealedHead,
    merkle_root,
    read_list,
    read_seal,
    root_of,
    seal,
    seal_digest,
)
from tests.support.sample_service import registered
from tests.unit.shared.reactor.bench import Bench

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
# From the reference implementation of RFC 6962; roots over the first n of these leaves.
_LEAVES = [bytes.fromhex(text) for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")]
_LEAVES.append(bytes.fromhex("606162636465666768696a6b6c6d6e6f"))
_ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


def heads(*lengths: int) -> tuple[SealedHead, ...]:
    return tuple(
        SealedHead(service="drift", entity=f"w|model|m:{number}", length=length, hash=f"{length:064x}")
        for number, length in enumerate(lengths)
    )


@pytest.mark.parametrize(("count", "root"), _ROOTS.items())
def test_the_root_is_that_of_certificate_transparency(count: int, root: str) -> None:
    assert merkle_root(_LEAVES[:count]).hex() == root


def test_the_root_does_not_depend_on_the_order_in_which_chains_are_read() -> None:
    assert root_of(heads(1, 2, 3)) == root_of(reversed(heads(1, 2, 3)))


@given(st.lists(st.integers(1, 9), min_size=1, max_size=9), st.data())
def test_a_root_changes_with_any_head(lengths: list[int], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(lengths) - 1))
    other = list(lengths)
    other[index] += data.draw(st.integers(1, 9))
    assert root_of(heads(*lengths)) != root_of(heads(*other))
    assert root_of(heads(*lengths)) != root_of(heads(*lengths, 1))


class Sealed(Bench):
    """A bench whose growth is noted, and a store of seals that goes by its clock."""

    def __init__(self) -> None:
        self.grown = MemoryGrown()
        super().__init__()
        self.seals = MemorySeals(self.clock)

    def another_instance(self, owner: str, breaker: Breaker | None = None) -> Reactor:
        return Reactor(
            self.wiring, self.ledger, self.publisher, self.clock, self.policy, owner,
            Patience(lease=timedelta(seconds=10)), self.brakes, self.grown, breaker,
        )  # fmt: skip

    async def decide(self, version: str, id: str) -> None:
        await self.handle(registered(version), id)
        await self.reactor.note_grown()

    async def seal(self) -> Seal | None:
        return await seal(self.ledger, self.grown, self.seals)

    async def kept(self) -> list[KeptSeal]:
        return [each async for each in self.seals.all()]


@pytest.fixture
def sealed() -> Sealed:
    return Sealed()


async def test_an_empty_ledger_is_not_sealed(sealed: Sealed) -> None:
    assert await sealed.seal() is None
    assert sealed.seals.kept == {}


async def test_a_seal_covers_what_grew_and_names_the_list_of_all(sealed: Sealed) -> None:
    await sealed.decide("1", "a")
    await sealed.decide("2", "b")
    await sealed.seal()
    sealed.clock.advance(timedelta(minutes=1))
    await sealed.decide("2", "c")
    made = await sealed.seal()
    assert made
    end = await sealed.ledger.head("sample", registered("2").entity)
    assert [(head.entity, head.length, head.hash) for head in made.heads] == [
        (str(registered("2").entity), 2, end.hash)
    ]
    assert made.full.chains == 2
    assert len(read_list(sealed.seals.lists[made.full.digest])) == 2


async def test_nothing_is_kept_while_nothing_grows(sealed: Sealed) -> None:
    await sealed.decide("1", "a")
    assert await sealed.seal()
    for _ in range(3):
        sealed.clock.advance(timedelta(minutes=1))
        assert await sealed.seal() is None
    assert len(sealed.seals.kept) == 1


async def test_each_seal_names_the_one_before_it(sealed: Sealed) -> None:
    for number in range(3):
        await sealed.decide("1", f"event-{number}")
        await sealed.seal()
        sealed.clock.advance(timedelta(minutes=1))
    kept = await sealed.kept()
    assert [read_seal(each).previous for each in kept] == [None, seal_digest(kept[0]), seal_digest(kept[1])]


async def test_two_seals_of_one_minute_follow_each_other(sealed: Sealed) -> None:
    await sealed.decide("1", "one")
    await sealed.seal()
    await sealed.decide("1", "two")
    await sealed.seal()
    first, second = await sealed.kept()
    assert (second.minute, second.number) == (first.minute, 1)
    assert read_seal(second).previous == seal_digest(first)


async def test_the_first_seal_of_a_day_lists_all_chains_without_reading_the_ledger(sealed: Sealed) -> None:
    for number in range(5):
        await sealed.decide(str(number), f"event-{number}")
        await sealed.seal()
    sealed.ledger.chains = None  # type: ignore[method-assign, assignment]
    sealed.clock.advance(timedelta(days=1))
    await sealed.decide("1", "tomorrow")
    made = await sealed.seal()
    assert made
    assert (made.full.minute, made.full.chains, len(made.heads)) == (sealed.clock.now(), 5, 1)
    listed = read_list(sealed.seals.lists[made.full.digest])
    assert listed["sample", str(registered("1").entity)].length == 2
    assert made.full.root == root_of(listed.values())


async def test_a_head_that_cannot_be_read_does_not_keep_the_others_from_being_sealed(sealed: Sealed) -> None:
    await sealed.decide("1", "one")
    await sealed.decide("2", "two")
    whole = sealed.ledger.chains

    async def spoilt() -> AsyncIterator[tuple[str, Entity, Head]]:
        async for service, entity, head in whole():
            if entity == registered("2").entity:
                yield service, entity, head
        raise Refused("the head of flights:1 cannot be read")

    sealed.ledger.chains = spoilt  # type: ignore[method-assign]
    await sealed.grown.forget([end for end in await sealed.grown.read() if end.entity == registered("1").entity])
    made = await sealed.seal()
    assert made
    assert set(read_list(sealed.seals.lists[made.full.digest])) == {("sample", str(registered("2").entity))}


async def test_an_altered_last_seal_does_not_stop_sealing(sealed: Sealed) -> None:
    await sealed.decide("1", "a")
    await sealed.seal()
    sealed.seals.kept[sealed.clock.now(), 0] = b"nonsense"
    sealed.clock.advance(timedelta(minutes=1))
    await sealed.decide("1", "b")
    made = await sealed.seal()
    assert made
    assert made.minute == sealed.clock.now()


async def test_a_seal_of_a_time_to_come_neither_ends_sealing_nor_is_built_upon(sealed: Sealed) -> None:
    await sealed.decide("1", "a")
    await sealed.seal()
    far = sealed.clock.now() + timedelta(days=365)
    (first,) = await sealed.kept()
    forged = read_seal(first).model_copy(update={"minute": far, "heads": (), "root": root_of([])})
    sealed.seals.kept[far, 0] = forged.body()
    for minute in range(3):
        sealed.clock.advance(timedelta(minutes=1))
        await sealed.decide("1", f"after-{minute}")
        made = await sealed.seal()
        assert made
        assert made.previous in {seal_digest(each) for each in (await sealed.kept())[:-1]}
    assert len(sealed.seals.kept) == 5


async def test_a_seal_that_somebody_put_there_before_does_not_take_the_place_of_ours(sealed: Sealed) -> None:
    sealed.seals.kept[sealed.clock.now(), 0] = b"put there before"
    await sealed.decide("1", "a")
    made = await sealed.seal()
    assert made
    assert sealed.seals.kept[sealed.clock.now(), 1] == made.body()


async def test_what_grows_while_it_is_sealed_is_sealed_next(sealed: Sealed) -> None:
    await sealed.decide("1", "a")
    keep = sealed.seals.keep

    async def meanwhile(minute: datetime, body: bytes) -> KeptSeal:
        await sealed.decide("1", "b")
        return await keep(minute, body)

    sealed.seals.keep = meanwhile  # type: ignore[method-assign]
    await sealed.seal()
    sealed.seals.keep = keep  # type: ignore[method-assign]
    made = await sealed.seal()
    assert made
    assert made.heads[0].length == 2


async def test_what_was_recorded_and_waits_is_sealed_and_sealed_again_when_it_is_done(sealed: Sealed) -> None:
    sealed.trouble.performing = [Unavailable("down")]
    await sealed.decide("1", "a")
    first = await sealed.seal()
    await sealed.sweep()
    second = await sealed.seal()
    assert first
    assert second
    assert first.heads[0].length == second.heads[0].length == 1
    assert first.heads[0].hash != second.heads[0].hash


def test_a_hundred_of_a_hundred_thousand_chains_are_a_small_seal() -> None:
    ends = [
        SealedHead(service="drift", entity=f"{'w' * 150}|model|m:{n}", length=n + 1, hash=f"{n:064x}")
        for n in range(100)
    ]
    full = FullList(minute=NOON, digest="0" * 64, root="0" * 64, chains=100_000)
    assert len(Seal(minute=NOON, heads=tuple(ends), root=root_of(ends), full=full).body()) < 100_000


def test_a_seal_that_was_altered_is_broken() -> None:
    full = FullList(minute=NOON, digest="0" * 64, root="0" * 64, chains=2)
    good = Seal(minute=NOON, heads=heads(1, 2), root=root_of(heads(1, 2)), full=full)
    assert read_seal(KeptSeal(NOON, good.body())) == good
    with pytest.raises(BrokenSeal, match="root"):
        read_seal(KeptSeal(NOON, good.body().replace(b'"length":2', b'"length":1')))
    with pytest.raises(BrokenSeal, match="says that it is of"):
        read_seal(KeptSeal(NOON + timedelta(minutes=1), good.body()))
    with pytest.raises(BrokenSeal, match="unreadable"):
        read_seal(KeptSeal(NOON, good.body()[:-1]))
