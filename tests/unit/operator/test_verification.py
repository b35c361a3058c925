"""`sluice ledger verify` (N2): whatever was changed in a stored entry or head is found, and the first bad one named."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from function_app.operator.ledger.verification import Verdict, verify
from shared.adapters.memory import ManualClock, MemoryArchive
from shared.adapters.memory.grown import MemoryGrown
from shared.adapters.memory.seals import MemorySeals
from shared.events import Entity, ModelRegistered, canonical
from shared.ports import Mark
from shared.ports.records.grown import End
from shared.reactor import Publish
from shared.reactor.recording import entry_hash, hashed_fields, link
from shared.reactor.sealing import seal
from tests.support.builders import NOW, envelope, model_ref, workspace
from tests.unit.operator.recorded import AlteredLedger, Recorder

_ENTRIES = 4
_CHAINS = ("drift", "staging")


async def recorded(recorder: Recorder | None = None, first: int = 0, count: int = _ENTRIES) -> Recorder:
    """Two chains of `count` entries each."""
    recorder = recorder or Recorder()
    for service in _CHAINS:
        for number in range(first, first + count):
            event = envelope(ModelRegistered(model=model_ref()), id=f"{service}-{number}")
            await recorder.decide(service, event, entity=event.data.entity)
    return recorder


async def sealed(recorder: Recorder, seals: MemorySeals, minute: int = 0) -> None:
    """All chains, as if all had grown."""
    seals._clock = ManualClock(NOW + timedelta(minutes=minute))
    grown = MemoryGrown()
    await grown.note([End(name, of, head.length, True, head.hash) async for name, of, head in recorder.ledger.chains()])
    assert await seal(recorder.ledger, grown, seals)


@pytest.fixture
async def ledger() -> AlteredLedger:
    return await AlteredLedger.of((await recorded()).ledger)


async def check(ledger: AlteredLedger, seals: MemorySeals | None = None) -> Verdict:
    return await verify(ledger, seals or MemorySeals(), MemoryArchive())


async def test_an_untouched_ledger_holds(ledger: AlteredLedger) -> None:
    verdict = await check(ledger)
    assert verdict.holds
    assert (verdict.chains, verdict.entries, verdict.unsealed) == (2, 2 * _ENTRIES, 2 * _ENTRIES)
    assert "There is no seal yet" in verdict.hidden


_JSON = st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5) | st.none(), max_size=3)
_FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "service": st.text(max_size=12),
    "entity": st.builds(Entity.of, st.just(workspace()), st.just("model"), st.text("abc", min_size=1, max_size=3)),
    "event_id": st.text(max_size=12),
    "position": st.integers(-2, 9),
    "decided_at": st.datetimes().map(lambda moment: moment.replace(tzinfo=NOW.tzinfo)),
    "event": _JSON,
    "facts": _JSON,
    "policy": st.text("0123456789abcdef", max_size=64),
    "state": _JSON | st.none(),
    "effects": st.lists(_JSON, min_size=1, max_size=2),
    "previous": st.text("0123456789abcdef", max_size=64),
    "hash": st.text("0123456789abcdef", max_size=64),
}


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_any_single_change_of_any_stored_field_of_an_entry_is_found(data: st.DataObject) -> None:
    asyncio.run(_one_change(data))


async def _one_change(data: st.DataObject) -> None:
    ledger = await AlteredLedger.of((await recorded()).ledger)
    chain, index = data.draw(st.integers(0, 1)), data.draw(st.integers(0, _ENTRIES - 1))
    name = data.draw(st.sampled_from(sorted(_FIELDS)))
    before = getattr(ledger.rows[chain].entries[index].entry, name)
    ledger.alter(chain, index, **{name: data.draw(_FIELDS[name].filter(lambda value: value != before))})
    verdict = await check(ledger)
    assert [problem.service for problem in verdict.problems] == [_CHAINS[chain]]
    if name != "position":
        assert verdict.problems[0].position == index


@settings(deadline=None, max_examples=50)
@given(st.sampled_from(["state", "hash", "length"]), st.data())
def test_any_single_change_of_a_head_is_found(name: str, data: st.DataObject) -> None:
    asyncio.run(_one_head(name, data))


async def _one_head(name: str, data: st.DataObject) -> None:
    ledger = await AlteredLedger.of((await recorded()).ledger)
    values: dict[str, st.SearchStrategy[Any]] = {
        "state": _JSON,
        "hash": st.text(max_size=9),
        "length": st.integers(0, 9),
    }
    head = ledger.rows[0].head
    value = data.draw(values[name].filter(lambda value: canonical(value) != canonical(getattr(head, name))))
    changes: dict[str, Any] = {name: value}
    ledger.rows[0].head = replace(head, **changes)
    assert [problem.position for problem in (await check(ledger)).problems] == [_ENTRIES]


async def test_a_flip_names_its_entry(ledger: AlteredLedger) -> None:
    ledger.alter(0, 2, policy="ab" * 32)
    problem = (await check(ledger)).problems[0]
    assert (problem.position, problem.event_id) == (2, "drift-2")
    assert "its content does not give its hash" in problem.what


@pytest.mark.parametrize("changes", [{"event": [1]}, {"facts": "none"}, {"effects": 5}, {"effects": ["ring"]}])
async def test_an_entry_of_another_shape_is_named(ledger: AlteredLedger, changes: dict[str, Any]) -> None:
    ledger.alter(0, 1, **changes)
    problem = (await check(ledger)).problems[0]
    assert problem.position == 1
    assert "drift-1" in problem.what


async def test_a_flip_with_a_new_hash_breaks_the_entry_after_it(ledger: AlteredLedger) -> None:
    ledger.alter(0, 1, policy="ab" * 32)
    entry = ledger.rows[0].entries[1].entry
    ledger.alter(0, 1, hash=entry_hash(hashed_fields(entry)))
    problem = (await check(ledger)).problems[0]
    assert (problem.position, problem.event_id) == (2, "drift-2")
    assert "does not follow from the entry before it" in problem.what


async def test_a_swap_is_found_at_the_first_of_the_two(ledger: AlteredLedger) -> None:
    entries = ledger.rows[0].entries
    one, other = entries[1].entry, entries[2].entry
    ledger.alter(0, 1, position=other.position)
    ledger.alter(0, 2, position=one.position)
    assert [(p.position, p.event_id) for p in (await check(ledger)).problems] == [(1, "drift-2")]


async def test_a_dropped_entry_names_the_gap(ledger: AlteredLedger) -> None:
    del ledger.rows[1].entries[1]
    problem = (await check(ledger)).problems[0]
    assert (problem.service, problem.position) == ("staging", 1)
    assert "position 1 is missing" in problem.what


async def test_an_inserted_entry_is_named(ledger: AlteredLedger) -> None:
    entries = ledger.rows[0].entries
    copied = replace(entries[1].entry, event_id="forged", policy="ee" * 32)
    copied = replace(copied, hash=entry_hash(hashed_fields(copied)))
    entries.insert(2, replace(entries[1], entry=copied))
    problem = (await check(ledger)).problems[0]
    assert (problem.position, problem.event_id) == (2, "forged")
    assert "was inserted" in problem.what


async def test_an_entry_of_another_chain_is_named(ledger: AlteredLedger) -> None:
    ledger.rows[0].entries[1] = ledger.rows[1].entries[1]
    problem = (await check(ledger)).problems[0]
    assert (problem.position, problem.event_id) == (1, "staging-1")
    assert "belongs to another chain" in problem.what


async def test_a_cut_is_invisible_without_a_seal_and_the_verdict_says_so(ledger: AlteredLedger) -> None:
    ledger.cut(0, 2)
    verdict = await check(ledger)
    assert verdict.holds
    assert "could cut entries from the end of a chain" in verdict.hidden


async def test_a_cut_before_the_last_seal_is_found() -> None:
    recorder, seals = await recorded(), MemorySeals()
    await sealed(recorder, seals)
    ledger = await AlteredLedger.of(recorder.ledger)
    ledger.cut(0, 2)
    problem = (await check(ledger, seals)).problems[0]
    assert (problem.service, problem.position) == ("drift", 2)
    assert "knows 4 entries, 2 are here: the end was cut off" in problem.what


async def test_a_cut_after_the_last_seal_is_invisible_and_the_verdict_counts_what_it_could_hide() -> None:
    recorder, seals = await recorded(), MemorySeals()
    await sealed(recorder, seals)
    await recorded(recorder, first=_ENTRIES, count=2)
    ledger = await AlteredLedger.of(recorder.ledger)
    assert (await check(ledger, seals)).unsealed == 4
    ledger.cut(0, 5)
    verdict = await check(ledger, seals)
    assert verdict.holds
    assert verdict.unsealed == 3
    assert "3 of 11 entries came after it" in verdict.hidden


async def test_a_chain_rewritten_with_good_hashes_is_found_by_the_seal_before() -> None:
    seals, true, false = MemorySeals(), await recorded(count=2), Recorder()
    await sealed(true, seals)
    await recorded(true, first=2, count=2)
    false.now += timedelta(hours=1)
    await recorded(false)
    await sealed(false, seals, minute=5)
    verdict = await check(await AlteredLedger.of(false.ledger), seals)
    assert [(problem.service, problem.position) for problem in verdict.problems] == [("drift", 1), ("staging", 1)]
    assert "rewritten" in verdict.problems[0].what


async def test_a_chain_that_is_gone_is_found() -> None:
    recorder, seals = await recorded(), MemorySeals()
    await sealed(recorder, seals)
    ledger = await AlteredLedger.of(recorder.ledger)
    del ledger.rows[0]
    problem = (await check(ledger, seals)).problems[0]
    assert (problem.service, problem.position) == ("drift", 0)
    assert "the chain is gone" in problem.what


async def test_altered_and_missing_seals_are_named() -> None:
    recorder, seals = Recorder(), MemorySeals()
    for minute in range(4):
        await recorded(recorder, first=minute, count=1)
        await sealed(recorder, seals, minute)
    ledger = await AlteredLedger.of(recorder.ledger)
    assert (await check(ledger, seals)).holds
    del seals.kept[NOW + timedelta(minutes=1), 0]
    broken = "2026-03-02 09:02 UTC: the seal before it was changed or is missing"
    assert (await check(ledger, seals)).broken_seals == [broken]
    seals.kept[NOW, 0] = seals.kept[NOW, 0].replace(b'"length":1', b'"length":2')
    assert "its root is not that of its heads" in (await check(ledger, seals)).broken_seals[0]


async def test_a_seal_of_a_time_to_come_is_named_and_counts_for_nothing() -> None:
    recorder, seals = await recorded(), MemorySeals()
    await sealed(recorder, seals)
    seals.kept[NOW + timedelta(days=300), 0] = seals.kept[NOW, 0]
    verdict = await check(await AlteredLedger.of(recorder.ledger), seals)
    assert not verdict.holds
    assert "of a time to come" in verdict.broken_seals[0]
    assert verdict.last_seal == NOW


async def test_growth_that_nobody_seals_is_named() -> None:
    recorder, seals = await recorded(), MemorySeals()
    await sealed(recorder, seals)
    await recorded(recorder, first=_ENTRIES, count=1)
    ledger = await AlteredLedger.of(recorder.ledger)
    seals._clock = ManualClock(NOW + timedelta(minutes=9))
    assert (await check(ledger, seals)).holds
    seals._clock = ManualClock(NOW + timedelta(minutes=11))
    verdict = await check(ledger, seals)
    assert "2 entries, the first of 2026-03-02 09:00 UTC, are not sealed" in verdict.broken_seals[0]


async def test_a_list_of_all_chains_that_says_something_else_is_named() -> None:
    recorder, seals = await recorded(), MemorySeals()
    await sealed(recorder, seals)
    await recorded(recorder, first=_ENTRIES, count=1)
    await sealed(recorder, seals, minute=24 * 60)
    ledger = await AlteredLedger.of(recorder.ledger)
    assert (await check(ledger, seals)).holds
    for digest, body in seals.lists.items():
        seals.lists[digest] = body.replace(b",5,", b",6,")
    assert "its list of all chains is not" in (await check(ledger, seals)).broken_seals[0]


async def _with_effects() -> Recorder:
    recorder = Recorder()
    for number in range(2):
        event = envelope(ModelRegistered(model=model_ref()), id=f"drift-{number}")
        await recorder.decide("drift", event, Publish(event=event.data), entity=event.data.entity, outcome="refused")
    return recorder


def _rewrite(ledger: AlteredLedger, index: int, how: str) -> None:
    entries = ledger.rows[0].entries
    ways: dict[str, dict[str, Any]] = {
        "outcome": {"marks": {0: Mark("performed")}},
        "reason": {"marks": {0: Mark("refused", "other words")}},
        "gone": {"marks": {}},
        "unsettled": {"settled": False},
    }
    entries[index] = replace(entries[index], **ways[how])


@pytest.mark.parametrize("how", ["outcome", "reason", "gone", "unsettled"])
async def test_what_became_of_an_effect_is_found_when_it_is_rewritten(how: str) -> None:
    ledger = await AlteredLedger.of((await _with_effects()).ledger)
    assert (await check(ledger)).holds
    _rewrite(ledger, 0, how)
    problem = (await check(ledger)).problems[0]
    assert problem.position == 1
    assert "what became of the former's effects was rewritten" in problem.what


@pytest.mark.parametrize("how", ["outcome", "reason", "gone", "unsettled"])
async def test_that_of_the_last_decision_is_found_by_its_seal(how: str) -> None:
    recorder, seals = await _with_effects(), MemorySeals()
    await sealed(recorder, seals)
    ledger = await AlteredLedger.of(recorder.ledger)
    _rewrite(ledger, 1, how)
    last = ledger.rows[0].entries[1]
    fitting = link(last.entry, last.marks) if last.settled else last.entry.hash
    ledger.rows[0].head = replace(ledger.rows[0].head, hash=fitting)
    problem = (await check(ledger, seals)).problems[0]
    assert (problem.position, "rewritten" in problem.what) == (1, True)
