"""Clocks that do not agree."""

from datetime import datetime, timedelta

import pytest

from function_app.operator.doctor.checks.clocks import check
from function_app.operator.doctor.patient import Patient
from shared.adapters.memory.heartbeats import MemoryHeartbeats
from tests.support.builders import NOW
from tests.unit.operator.doctor.patients import BUILD, Parts, words


@pytest.mark.parametrize(
    ("seconds", "verdict", "which"),
    [
        (-14, "ok", "9 clocks"),
        (20, "warning", "20 s behind"),
        (-20, "warning", "20 s ahead of"),
        (301, "broken", "301 s"),
    ],
)
async def test_the_stores_clock(seconds: int, verdict: str, which: str, parts: Parts) -> None:
    parts.store.time = NOW + timedelta(seconds=seconds)
    ((found, text),) = words(await check.look(parts.patient()))
    assert (found, which in text) == (verdict, True), text


async def test_the_hubs_clock(parts: Parts) -> None:
    parts.hubs.time = NOW - timedelta(minutes=6)
    found = words(await check.look(parts.patient(readable=("events", "labels"))))
    assert found == [
        ("broken", "this machine's clock is 360 s ahead of that of hub events"),
        ("broken", "this machine's clock is 360 s ahead of that of hub labels"),
    ]


async def test_a_hub_that_holds_nothing_has_no_time_to_tell(parts: Parts) -> None:
    parts.hubs.time = None
    assert words(await check.look(parts.patient())) == [("ok", "3 clocks agree within 15 s")]


async def test_controls_clock(parts: Parts) -> None:
    heartbeats = MemoryHeartbeats(NOW)
    await heartbeats.beat(NOW + timedelta(seconds=30), BUILD)
    ((verdict, text),) = words(await check.look(parts.patient(heartbeats=heartbeats)))
    assert (verdict, text) == ("warning", "control's clock was 30 s ahead of that of the store")


async def test_an_answer_that_takes_its_time_says_nothing_of_a_clock(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other clock was read some time between question and answer."""
    patient = parts.patient(readable=())

    async def slow() -> datetime:
        patient.clock.advance(timedelta(minutes=2))  # type: ignore[attr-defined]
        return NOW + timedelta(minutes=1)

    monkeypatch.setattr(patient.store, "now", slow)
    assert [verdict for verdict, _ in words(await check.look(patient))] == ["ok"]
    monkeypatch.setattr(patient.store, "now", lambda: late(patient))
    assert [verdict for verdict, _ in words(await check.look(patient))] == ["warning"]


async def late(patient: Patient) -> datetime:
    """Behind even when it was asked."""
    asked = patient.clock.now()
    patient.clock.advance(timedelta(minutes=2))  # type: ignore[attr-defined]
    return asked - timedelta(seconds=16)
