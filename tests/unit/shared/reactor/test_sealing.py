"""Minute seals (N2): one root over the ends of all chains, kept once, said on the hub."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.memory.seals import MemorySeals
from shared.events import LedgerSealed
from shared.ports.records.seals import KeptSeal
from shared.reactor.sealing import BrokenSeal, Seal, SealedHead, merkle_root, read_seal, root_of, seal, seal_digest
from tests.support.sample_service import registered
from tests.unit.shared.reactor.bench import Bench

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


async def test_an_empty_ledger_is_not_sealed(bench: Bench) -> None:
    seals = MemorySeals()
    assert await seal(bench.ledger, bench.publisher, seals, bench.clock) is None
    assert (seals.kept, bench.published()) == ({}, [])


async def test_a_seal_covers_every_chain_and_is_said_on_the_hub(bench: Bench) -> None:
    await bench.handle(id="a")
    await bench.handle(registered("2"), id="b")
    seals = MemorySeals()
    made = await seal(bench.ledger, bench.publisher, seals, bench.clock)
    assert made
    assert {(head.entity, head.length) for head in made.heads} == {(str(registered(v).entity), 1) for v in "12"}
    assert bench.published()[-1] == LedgerSealed(chains=2, root=made.root)
    assert [read_seal(KeptSeal(*item)) for item in seals.kept.items()] == [made]


async def test_a_minute_in_which_nothing_was_decided_repeats_the_last_seal(bench: Bench) -> None:
    await bench.handle()
    seals = MemorySeals()
    first = await seal(bench.ledger, bench.publisher, seals, bench.clock)
    bench.clock.advance(timedelta(minutes=5))
    assert await seal(bench.ledger, bench.publisher, seals, bench.clock) == first
    assert len(seals.kept) == 1
    one, other = bench.publisher.published["events"][-2:]
    assert one == other


async def test_each_seal_names_the_one_before_it(bench: Bench) -> None:
    seals = MemorySeals()
    for number in range(3):
        await bench.handle(id=f"event-{number}")
        await seal(bench.ledger, bench.publisher, seals, bench.clock)
        bench.clock.advance(timedelta(minutes=1))
    kept = [each async for each in seals.all()]
    assert [read_seal(each).previous for each in kept] == [None, seal_digest(kept[0]), seal_digest(kept[1])]


async def test_two_instances_in_one_minute_say_the_same(bench: Bench) -> None:
    seals = MemorySeals()
    await bench.handle(id="one")
    first = await seal(bench.ledger, bench.publisher, seals, bench.clock)
    await bench.handle(id="two")
    assert await seal(bench.ledger, bench.publisher, seals, bench.clock) == first


async def test_an_altered_last_seal_does_not_stop_sealing(bench: Bench) -> None:
    seals = MemorySeals()
    await bench.handle()
    await seal(bench.ledger, bench.publisher, seals, bench.clock)
    seals.kept[bench.clock.now()] = b"nonsense"
    bench.clock.advance(timedelta(minutes=1))
    made = await seal(bench.ledger, bench.publisher, seals, bench.clock)
    assert made
    assert made.minute == bench.clock.now()


def test_a_seal_that_was_altered_is_broken(bench: Bench) -> None:
    now = bench.clock.now()
    good = Seal(minute=now, heads=heads(1, 2), root=root_of(heads(1, 2)))
    assert read_seal(KeptSeal(now, good.body())) == good
    with pytest.raises(BrokenSeal, match="root"):
        read_seal(KeptSeal(now, good.body().replace(b'"length":2', b'"length":1')))
    with pytest.raises(BrokenSeal, match="says that it is of"):
        read_seal(KeptSeal(now + timedelta(minutes=1), good.body()))
    with pytest.raises(BrokenSeal, match="unreadable"):
        read_seal(KeptSeal(now, good.body()[:-1]))
