"""A hub, a consumer group or a right that is missing, and partitions that are not as declared."""

from function_app.operator.doctor.checks.hubs import check
from shared.adapters.memory.hub_survey import MemoryHubSurvey
from shared.ports import Hub, HubShape, Unavailable
from tests.unit.operator.doctor.patients import EPOCH, Parts, words


async def test_a_hub_that_is_not_there(parts: Parts) -> None:
    del parts.hubs.shapes["labels"]
    assert words(await check.look(parts.patient())) == [("broken", "hub labels is not there")]


async def test_a_group_that_is_not_there(parts: Parts) -> None:
    groups = [group for group in parts.hubs.groups["events"] if group not in ("measurement", "tell-back")]
    parts.hubs.groups = {**parts.hubs.groups, "events": groups}
    assert words(await check.look(parts.patient())) == [
        ("broken", "hub events has no consumer group measurement"),
        ("broken", "hub events has no consumer group tell-back"),
    ]


async def test_another_number_of_partitions_is_worth_a_word(parts: Parts) -> None:
    parts.hubs.shapes["events"] = HubShape(4, EPOCH)
    assert words(await check.look(parts.patient())) == [("warning", "hub events has 4 partitions, 2 are declared")]


async def test_a_right_that_is_missing_names_the_role(parts: Parts) -> None:
    class Closed(MemoryHubSurvey):
        async def shape(self, hub: Hub) -> HubShape:
            raise Unavailable(f"ask about hub {hub}: unauthorized-access")

    (finding,) = await check.look(parts.patient(hubs=Closed(), readable=("events",)))
    assert (finding.verdict, finding.words) == ("broken", "ask about hub events: unauthorized-access")
    assert "Azure Event Hubs Data Receiver" in finding.repair


async def test_hubs_that_no_setting_names_are_left_out(parts: Parts) -> None:
    del parts.hubs.shapes["labels"]
    (finding,) = await check.look(parts.patient(readable=("events",)))
    assert finding.words.startswith("1 hubs with 9 consumer groups")
