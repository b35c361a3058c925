"""`sluice ledger verify` (N2): whatever was changed in a stored entry or head is found, and the first bad one named."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.events import Entity, canonical
from shared.reactor.recording import entry_hash, hashed_fields
from tests.support.builders import NOW, workspace
from tests.unit.operator.recorded import AlteredLedger
from tests.unit.operator.verified import CHAINS, ENTRIES, check, fresh, recorded


@pytest.fixture
async def ledger() -> AlteredLedger:
    return await fresh()


async def test_an_untouched_ledger_holds(ledger: AlteredLedger) -> None:
    verdict = await check(ledger)
    assert verdict.holds
    assert (verdict.chains, verdict.entries, verdict.unsealed) == (2, 2 * ENTRIES, 2 * ENTRIES)
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


@settings(max_examples=150)
@given(st.data())
def test_any_single_change_of_any_stored_field_of_an_entry_is_found(data: st.DataObject) -> None:
    asyncio.run(_one_change(data))


async def _one_change(data: st.DataObject) -> None:
    ledger = await AlteredLedger.of((await recorded()).ledger)
    chain, index = data.draw(st.integers(0, 1)), data.draw(st.integers(0, ENTRIES - 1))
    name = data.draw(st.sampled_from(sorted(_FIELDS)))
    before = getattr(ledger.rows[chain].entries[index].entry, name)
    ledger.alter(chain, index, **{name: data.draw(_FIELDS[name].filter(lambda value: value != before))})
    verdict = await check(ledger)
    assert [problem.service for problem in verdict.problems] == [CHAINS[chain]]
    if name != "position":
        assert verdict.problems[0].position == index


@settings(max_examples=50)
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
    assert [problem.position for problem in (await check(ledger)).problems] == [ENTRIES]


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
