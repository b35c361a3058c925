"""A checkpoint of a hub that was recreated is found and forgotten; all others are left alone."""

from datetime import datetime, timedelta

from function_app.operator.doctor.checks.checkpoints import check
from shared.ports import HostCheckpoint
from tests.unit.operator.doctor.patients import EPOCH, Parts, words

CREATED = datetime.fromisoformat(EPOCH)


def checkpoint(sequence: int | None, after: timedelta = timedelta(hours=1), group: str = "lifecycle") -> HostCheckpoint:
    """Written so long after the hub was created."""
    return HostCheckpoint("events", group, 0, sequence, CREATED + after, f"version of {sequence}")


async def test_one_beyond_the_hubs_end_is_forgotten_and_no_other(parts: Parts) -> None:
    parts.hold("events", 0, 3)
    parts.host.write(checkpoint(2, group="tell"))
    parts.host.write(checkpoint(9))
    (finding,) = await check.look(parts.patient())
    assert finding.verdict == "broken"
    assert "lifecycle in events/0 is at 9, and the hub ends at 2" in finding.words
    assert finding.mend is not None
    await finding.mend.perform()
    assert [each.group for each in await parts.host.of("events")] == ["tell"]
    assert words(await check.look(parts.patient())) == [("ok", "1 checkpoints of the host, none of a hub that is gone")]


async def test_one_from_before_the_hub_was_created_is_of_another_whatever_its_number(parts: Parts) -> None:
    parts.hold("events", 0, 30)
    parts.host.write(checkpoint(9, after=-timedelta(days=1)))
    ((verdict, text),) = words(await check.look(parts.patient()))
    assert (verdict, "is of 2025-12-31 00:00, and the hub of 2026-01-01 00:00" in text) == ("broken", True)


async def test_clocks_that_differ_a_little_condemn_nothing(parts: Parts) -> None:
    parts.hold("events", 0, 30)
    parts.host.write(checkpoint(9, after=-timedelta(minutes=4)))
    parts.host.write(checkpoint(None, group="tell"))
    assert [verdict for verdict, _ in words(await check.look(parts.patient()))] == ["ok"]


async def test_without_the_hosts_account_nothing_is_claimed(parts: Parts) -> None:
    (finding,) = await check.look(parts.patient(host=None))
    assert (finding.verdict, "HOST_STORAGE" in finding.repair) == ("warning", True)
