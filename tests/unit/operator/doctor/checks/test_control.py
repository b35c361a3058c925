"""Control that does not run, or that is another build."""

from datetime import timedelta

import pytest

from function_app.operator.doctor.checks.control import check
from shared.adapters.memory.heartbeats import MemoryHeartbeats
from tests.support.builders import NOW
from tests.unit.operator.doctor.patients import BUILD, Parts, words


async def test_it_never_ran(parts: Parts) -> None:
    found = words(await check.look(parts.patient(heartbeats=MemoryHeartbeats())))
    assert found == [("broken", "control's timer has never run here")]


@pytest.mark.parametrize(("minutes", "verdict"), [(15, "ok"), (16, "broken")])
async def test_it_missed_three_heartbeats(minutes: int, verdict: str, parts: Parts) -> None:
    """By the store's clock on both sides."""
    parts.store.time = NOW + timedelta(minutes=minutes)
    ((found, text),) = words(await check.look(parts.patient()))
    assert (found, f"{minutes} min ago" in text) == (verdict, True)


async def test_another_build_is_worth_a_word(parts: Parts) -> None:
    await parts.heartbeats.beat(NOW, "c" * 64)
    ((verdict, text),) = words(await check.look(parts.patient()))
    assert (verdict, "cccccccc" in text, BUILD[:8] in text) == ("warning", True, True)
