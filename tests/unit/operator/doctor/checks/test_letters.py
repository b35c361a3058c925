"""Dead letters of the last day are told by reason; older ones are history."""

from datetime import datetime, timedelta

from function_app.operator.doctor.checks.letters import check
from function_app.operator.letters.reading import Letter
from shared.events import DeadLettered
from tests.support.builders import NOW, digest, envelope
from tests.unit.operator.doctor.patients import Parts, words


def letter(reason: str, time: datetime = NOW) -> Letter:
    data = DeadLettered(service="drift", hub="events", partition=0, sequence=1, body=digest(), reason=reason)
    return envelope(data, id=f"{reason} {time}", time=time)


async def test_those_of_today_are_counted_by_reason(parts: Parts) -> None:
    before = NOW - timedelta(hours=1)
    parts.letters = [letter("KeyError: 'wind'"), letter("KeyError: 'wind'", before), letter("too large")]
    assert words(await check.look(parts.patient())) == [
        ("warning", "2 dead letters of drift within a day: KeyError: 'wind'"),
        ("warning", "1 dead letters of drift within a day: too large"),
    ]


async def test_those_of_yesterday_are_history(parts: Parts) -> None:
    parts.letters = [letter("too large", NOW - timedelta(days=1))]
    assert words(await check.look(parts.patient())) == [("ok", "none within a day; 1 before")]


async def test_without_its_setting_the_hub_is_not_looked_at(parts: Parts) -> None:
    assert [verdict for verdict, _ in words(await check.look(parts.patient(readable=("events",))))] == ["warning"]
