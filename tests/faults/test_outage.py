"""An hour without Azure ML, in compressed time: pending, in order, resumed, and nobody has to do anything."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.faults.receivers import ledger_of
from tests.faults.stories import Stories
from tests.faults.system import System

pytestmark = [pytest.mark.faults, pytest.mark.local_only, pytest.mark.timeout(900)]

# All that is measured in time: the outage, patience with it (a day here), and the longest back-off.
HOUR = timedelta(seconds=12)
SCALE = timedelta(hours=1) / HOUR
PATIENCE_S, LONGEST_PAUSE_S = str(24 * 3600 / SCALE), str(60 / SCALE)


async def test_an_hours_outage_of_azure_ml_delays_and_loses_nothing(steady_system: System, stories: Stories) -> None:
    """It begins when jobs are under way, so that reminders and the jobs' own ends queue behind each other."""
    with steady_system.control(PATIENCE_S=PATIENCE_S, LONGEST_PAUSE_S=LONGEST_PAUSE_S):
        steady_system.hold.touch()
        await stories.launch(3)
        await stories.until_all_have("mlops.staging.started")
        steady_system.disturb_azure_ml(status=503)
        steady_system.hold.unlink()
        began = datetime.now(UTC)

        async def queued_for_an_hour() -> bool:
            waiting = [await waits(steady_system, endpoint.model.name) for endpoint in stories.endpoints]
            return datetime.now(UTC) - began > HOUR and all(count >= 2 for count in waiting)

        await stories.until(queued_for_an_hour)
        assert stories.said("mlops.staging.passed") == []
        steady_system.azure_ml.admin("DELETE", "/admin/faults")
        await stories.run_out()
    assert stories.said("mlops.action.failed") == []
    await stories.nothing_lost_or_doubled()


async def waits(system: System, model: str) -> int:
    """Events about this model that wait in front of staging."""
    chains = [each async for each in ledger_of(system).chains()]
    return sum(head.waiting for name, about, head in chains if name == "staging" and about.name.startswith(f"{model}:"))
