"""How much working memory control takes while a model lives its life: an instance of the smallest size has 512 MB.

The functions host on this machine is in the same process, and no more than that of Azure.
"""

from contextlib import aclosing
from pathlib import Path

import pytest

from tests.faults.conftest import StartSystem
from tests.faults.stories import Stories
from tests.support.figures import Figure

pytestmark = [pytest.mark.faults, pytest.mark.local_only]
ENDPOINTS = 1
# What Azure leaves of 512 MB to the worker is not documented: a fifth is kept free.
MOST_MB = 400


def peak_mb(pid: int) -> float:
    """The most that the process ever had in memory, as the kernel knows."""
    (line,) = [each for each in Path(f"/proc/{pid}/status").read_text().splitlines() if each.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


async def test_control_fits_its_smallest_instance(start_system: StartSystem, figure: Figure) -> None:
    system = start_system(ENDPOINTS)
    stories = Stories(system)
    async with aclosing(stories):
        await stories.world.prepare()
        control = system.run(["infra.local.functions_host", *system.host_arguments("control")])
        try:
            await stories.launch(ENDPOINTS)
            await stories.until(lambda: _ended(stories), timeout_s=500)
            peak = peak_mb(control.pid)
        finally:
            control.terminate()
            control.wait(timeout=60)
    figure(f"control's process: at most {peak:.0f} MB over {stories.decisions} decisions")
    assert peak < MOST_MB


async def _ended(stories: Stories) -> bool:
    return all(endpoint.done for endpoint in stories.endpoints)
