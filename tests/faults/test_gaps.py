"""Gaps and another order in a partition, over the wire: read back from the hub, or said to be lost."""

from datetime import UTC, datetime

import pytest

from shared.events import ServingReported
from tests.faults.endpoints import Endpoint
from tests.faults.stories import Stories
from tests.faults.system import System

pytestmark = [pytest.mark.faults, pytest.mark.local_only, pytest.mark.timeout(900)]

# Who folds hub `predictions`.
FOLDING = {"monitoring", "instances"}


async def test_what_hubs_leave_out_or_swap_is_handled_once_and_in_order(
    steady_system: System, stories: Stories
) -> None:
    """In front of intake, of decisions and of folds; of two endpoints, the second's events end the first one's gap."""
    with steady_system.control():
        for faults, count in ((["skip"], 2), (["reorder", "duplicate"], 1)):
            for fault in faults:
                for hub, events in {"inbound": 1, "decisions": 1, "predictions": 1, "events": 12}.items():
                    steady_system.disturb_hub(fault, hub, events=events)
            new = await stories.launch(count)

            async def registered(new: list[Endpoint] = new) -> bool:
                await stories.world.knock()
                return all(stories.log.facts()[each.number, "mlops.model.registered"] for each in new)

            await stories.until(registered)

        async def ended() -> bool:
            await stories.world.knock()
            return all(endpoint.done for endpoint in stories.endpoints)

        await stories.until(ended)
        await stories.run_out()
    assert steady_system.left("skip") == 0
    assert stories.said("mlops.events.lost") == []
    await stories.nothing_lost_or_doubled()


async def test_what_a_hub_no_longer_has_is_said_to_be_lost(steady_system: System, stories: Stories) -> None:
    (endpoint,) = await stories.launch(1)
    with steady_system.control():
        await stories.run_out()
    (first,) = steady_system.held("predictions")

    async def report(number: int) -> None:
        seen = ServingReported(endpoint=endpoint.ref, instance="instance-1", generation=1)
        await stories.world.send("predictions", seen, "unheard", stories.world.first, number, at=datetime.now(UTC))

    for number in range(3):
        await report(number)
    steady_system.disturb_hub("forget", "predictions")
    await report(3)
    with steady_system.control():

        async def said() -> bool:
            return len(stories.said("mlops.events.lost")) >= len(FOLDING)

        await stories.until(said)
    lost = [frame["data"] for frame in stories.said("mlops.events.lost")]
    assert {each["service"] for each in lost} == FOLDING
    assert {(each["hub"], each["partition"], each["first"], each["last"]) for each in lost} == {
        ("predictions", 0, first, first + 2)
    }
