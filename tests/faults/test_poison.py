"""A poison effect: said, and in nobody else's way."""

import json

import pytest

from tests.faults.crashing import Poison
from tests.faults.stories import Stories
from tests.faults.system import System

pytestmark = [pytest.mark.faults, pytest.mark.local_only, pytest.mark.timeout(900)]


async def test_a_poison_effect_is_said_and_holds_neither_the_partition_nor_others(
    steady_system: System, stories: Stories
) -> None:
    """Three of five endpoints: two whose job cannot be submitted, one whose model brings a bug of ours to light."""
    bug, refused, unread, *healthy = await stories.launch(5)
    poisons = [
        Poison("jobs.submit", f"|model-{bug.number}:", "bug"),
        Poison("jobs.submit", f"|model-{refused.number}:", "refused"),
        Poison("models.get", f"name='model-{unread.number}'", "bug"),
    ]
    poisoned = {bug.number, refused.number, unread.number}
    for endpoint in (bug, refused, unread):
        del stories.world.endpoints[endpoint.ref.name]
    with steady_system.control(poisons):
        await stories.run_out()

        async def told_of_both() -> bool:
            return len(stories.said("mlops.staging.inconclusive")) == len(notices_of(steady_system)) == 2

        await stories.until(told_of_both)
    failed = {frame["data"]["about"]: frame["data"]["reason"] for frame in stories.said("mlops.action.failed")}
    assert len(failed) == len(stories.said("mlops.action.failed")) == 2
    assert {"ZeroDivisionError" in reason for reason in failed.values()} == {True, False}
    assert all("poisoned" in reason for reason in failed.values())
    inconclusive = [frame["data"] for frame in stories.said("mlops.staging.inconclusive")]
    assert {each["candidate"]["model"]["name"] for each in inconclusive} == {f"model-{n}" for n in poisoned} - {
        f"model-{unread.number}"
    }
    letters = steady_system.held("dead-letter")
    assert sum(letters) == 1
    tallies = await stories.tallies()
    numbers = {endpoint.number for endpoint in healthy}
    assert [tally.lost for tally in tallies if tally.lost] == []
    assert {place[0] for tally in tallies for place in tally.doubled} & numbers == set()


def notices_of(system: System) -> list[dict[str, str]]:
    told = [json.loads(path.read_text()) for path in system.outbox.glob("*.json")]
    return [each for each in told if each["audience"] == "platform-support" and "poisoned" in each["text"]]
