"""Decided events a second beside bare table transactions, in interleaved rounds, and whose CPU it is."""

import asyncio
import cProfile
import pstats
import time
from collections.abc import Awaitable, Callable
from statistics import median
from uuid import uuid4

from tests.benchmarks.control.figures import Figure
from tests.benchmarks.control.workload import Control, service

AT_ONCE = 16
_OWN = ("/shared/", "/services/")


async def figures(control: Control, rounds: int, each: int) -> list[Figure]:
    """Medians over rounds; every round does both, `each` times, so that a machine that slows down slows both."""
    made = service(1, publishes=True)

    async def decide() -> None:
        await control.reactor.handle(made, control.envelope())

    async def bare() -> None:
        await _two_rows(control)

    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(await _rate(decide, each))
        theirs.append(await _rate(bare, each))
    share = await _own_share(decide, each)
    rate = "decided events a second with one Publish, 16 at once, against bare table transactions"
    return [
        Figure(rate, median(ours), 0.5, "least", median(theirs)),
        Figure("our own code's share of CPU in that run", share, 0.10),
    ]


async def _two_rows(control: Control) -> None:
    """One transaction of two new rows, as large as a decision's and its head's."""
    partition = uuid4().hex
    sizes = {"d": 2100, "head": 800}
    rows = [{"PartitionKey": partition, "RowKey": name, "body": b"x" * size} for name, size in sizes.items()]
    await control.storage.tables.get_table_client("deadlines").submit_transaction([("create", row) for row in rows])


async def _rate(once: Callable[[], Awaitable[None]], count: int) -> float:
    free = asyncio.Semaphore(AT_ONCE)

    async def one() -> None:
        async with free:
            await once()

    started = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(count)))
    return count / (time.perf_counter() - started)


async def _own_share(once: Callable[[], Awaitable[None]], count: int) -> float:
    """Of the time that a profile sees, which waiting is no part of."""
    profile = cProfile.Profile(time.process_time)
    profile.enable()
    await _rate(once, count)
    profile.disable()
    times = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    total = sum(entry[2] for entry in times.values())
    own = sum(entry[2] for (file, _, _), entry in times.items() if any(room in file for room in _OWN) and _ours(file))
    return float(own / total)


def _ours(file: str) -> bool:
    return "site-packages" not in file
