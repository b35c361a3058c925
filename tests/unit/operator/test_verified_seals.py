"""What seals prove (N2): cuts, chains rewritten whole or gone, and what became of effects."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.adapters.memory import ManualClock
from shared.adapters.memory.seals import MemorySeals
from shared.events import ModelRegistered
from shared.ports import Mark
from shared.reactor import Publish
from shared.reactor.recording import link
from tests.support.builders import NOW, envelope, model_ref
from tests.unit.operator.recorded import AlteredLedger, Recorder
from tests.unit.operator.verified import ENTRIES, check, recorded, sealed


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
    await recorded(recorder, first=ENTRIES, count=2)
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
    await recorded(recorder, first=ENTRIES, count=1)
    ledger = await AlteredLedger.of(recorder.ledger)
    seals._clock = ManualClock(NOW + timedelta(minutes=9))
    assert (await check(ledger, seals)).holds
    seals._clock = ManualClock(NOW + timedelta(minutes=11))
    verdict = await check(ledger, seals)
    assert "2 entries, the first of 2026-03-02 09:00 UTC, are not sealed" in verdict.broken_seals[0]


async def test_a_list_of_all_chains_that_says_something_else_is_named() -> None:
    recorder, seals = await recorded(), MemorySeals()
    await sealed(recorder, seals)
    await recorded(recorder, first=ENTRIES, count=1)
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
