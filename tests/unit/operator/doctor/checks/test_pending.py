"""What waits, and is not tried again although its time has come."""

from datetime import timedelta

from function_app.operator.doctor.checks.pending import check
from shared.events import to_cloud_event
from shared.events.models import ModelRejected
from shared.ports import Waiting
from tests.support.builders import NOW, envelope, model_ref
from tests.unit.operator.doctor.patients import Parts, words


async def wait(parts: Parts, due: timedelta) -> None:
    cause = envelope(ModelRejected(model=model_ref(), reason="for a test"))
    entity = cause.data.entity
    await parts.ledger.wait(
        Waiting("registration", entity, cause.id, to_cloud_event(cause), NOW - timedelta(hours=1), NOW + due, 3, "away")
    )


async def test_what_is_tried_again_in_time_is_well(parts: Parts) -> None:
    await wait(parts, timedelta(minutes=-5))
    ((verdict, text),) = words(await check.look(parts.patient()))
    assert (verdict, text.startswith("1 events wait")) == ("ok", True)


async def test_what_should_have_been_tried_long_ago_is_broken(parts: Parts) -> None:
    await wait(parts, timedelta(minutes=-6))
    assert words(await check.look(parts.patient())) == [
        ("broken", "1 events should have been tried again; registration since 6 min")
    ]
