"""What a decision, a fact in all lanes and an idle minute cost, counted at the SDK's transport over Azurite."""

from pathlib import Path

from shared.adapters.azure.storage.account import storage_clients
from tests.benchmarks.control.cost import reckoned
from tests.benchmarks.control.counts import count, figures
from tests.benchmarks.control.workload import Control
from tests.support.azurite import Azurite


async def test_every_count_keeps_its_bar_and_is_what_the_cost_page_reckons_with(tmp_path: Path) -> None:
    with Azurite(tmp_path) as azurite:
        storage = storage_clients(azurite.connection_string)
        try:
            control = Control(storage)
            await control.create()
            counts = await count(control)
        finally:
            await storage.close()
    assert [figure.figure for figure in figures(counts) if not figure.met] == []
    assert counts == reckoned()
