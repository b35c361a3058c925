"""A ledger whose seals stand still, cannot be read, or are of a time to come."""

from datetime import timedelta

from function_app.operator.doctor.checks.seals import check
from shared.adapters.memory.grown import MemoryGrown
from shared.events import ModelRejected
from shared.ports.records.grown import End
from shared.reactor.sealing import seal
from tests.support.builders import NOW, envelope, model_ref
from tests.unit.operator.doctor.patients import Parts, words
from tests.unit.operator.recorded import Recorder


async def decide(parts: Parts, event_id: str) -> None:
    cause = envelope(ModelRejected(model=model_ref(), reason="for a test"), id=event_id)
    await Recorder(parts.ledger, now=parts.clock.now()).decide("registration", cause)


async def sealed(parts: Parts) -> None:
    grown = MemoryGrown()
    await grown.note([End(name, of, head.length, True, head.hash) async for name, of, head in parts.ledger.chains()])
    await seal(parts.ledger, grown, parts.seals)


async def test_what_is_sealed_or_was_just_decided_is_well(parts: Parts) -> None:
    await decide(parts, "first")
    await sealed(parts)
    parts.clock.advance(timedelta(minutes=30))
    assert words(await check.look(parts.patient())) == [
        ("ok", "the last seal is 30 min old; 1 chains, none waits for its seal longer than 10 min")
    ]
    await decide(parts, "second")
    assert [verdict for verdict, _ in words(await check.look(parts.patient()))] == ["ok"]


async def test_what_waits_too_long_for_its_seal_is_broken(parts: Parts) -> None:
    await decide(parts, "first")
    await sealed(parts)
    await decide(parts, "second")
    parts.clock.advance(timedelta(minutes=11))
    assert words(await check.look(parts.patient())) == [("broken", "1 chains wait for their seal, one since 10 min")]


async def test_a_ledger_that_was_never_sealed_is_broken_after_a_while(parts: Parts) -> None:
    await decide(parts, "first")
    parts.clock.advance(timedelta(hours=3))
    assert [verdict for verdict, _ in words(await check.look(parts.patient()))] == ["broken"]


async def test_a_seal_that_cannot_be_read_and_one_of_a_time_to_come_are_broken(parts: Parts) -> None:
    await parts.seals.keep(NOW, b"not a seal")
    ((verdict, text),) = words(await check.look(parts.patient()))
    assert (verdict, text[:27]) == ("broken", "the last seal cannot be rea")
    parts.seals.kept.clear()
    await parts.seals.keep(NOW + timedelta(days=1), b"whatever")
    ((verdict, text),) = words(await check.look(parts.patient()))
    assert (verdict, text) == ("broken", "there is a seal of a time to come, 2026-03-03 09:00 UTC")
