"""Control's figures with their bars: `python -m tests.benchmarks.control`, a table and `.local/bench/control.json`.

Counts at the storage SDK's transport over Azurite; rates in interleaved rounds of one run. Fails where a bar is missed.
"""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from shared.adapters.azure.storage.account import storage_clients
from tests.benchmarks.control import bulk, counts, rates
from tests.benchmarks.control.figures import Figure, show, write
from tests.benchmarks.control.workload import Control
from tests.support.azurite import Azurite

_RESULT = Path(__file__).resolve().parents[3] / ".local/bench/control.json"


def main() -> int:
    parser = argparse.ArgumentParser("control benchmark", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--each", type=int, default=100, help="events and transactions in each round (default: 100)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Azurite(Path(folder)) as azurite:
        figures = asyncio.run(_measure(azurite.connection_string, options.rounds, options.each))
    write(figures, _RESULT)
    show(figures)
    return 0 if all(figure.met for figure in figures) else 1


async def _measure(address: str, rounds: int, each: int) -> list[Figure]:
    storage = storage_clients(address)
    try:
        control = Control(storage)
        await control.create()
        return [
            *counts.figures(await counts.count(control)),
            *await rates.figures(control, rounds, each),
            *await bulk.sealing(control, rounds),
            *await bulk.sweeping(),
        ]
    finally:
        await storage.close()


if __name__ == "__main__":
    sys.exit(main())
