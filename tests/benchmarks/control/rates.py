"""Decided events a second beside bare table transactions, in interleaved rounds, and whose CPU it is."""

import asyncio
import cProfile
import pstats
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from statistics import median
from typing import Any
from uuid import uuid4

from azure.core.exceptions import ServiceRequestError
from azure.data.tables.aio import TableClient, TableServiceClient

from shared.adapters.azure.storage.keys import chain_key
from shared.reactor import Service
from tests.benchmarks.control.figures import Figure
from tests.benchmarks.control.workload import Control, service

AT_ONCE = 16
_OWN = ("/shared/", "/services/")


async def figures(control: Control, rounds: int, each: int) -> list[Figure]:
    """Medians over rounds; every round does all, `each` times, so that a machine that slows down slows all.

    Bare transactions create the two rows that a decision creates, by the tables SDK as it comes, and by our client.
    """
    made = service(1, publishes=True)

    async def decide() -> None:
        await control.reactor.handle(made, control.envelope())

    rows = await _rows(control, made)
    async with TableServiceClient.from_connection_string(control.storage.address) as sdk:
        bare = [_bare(each.get_table_client("deadlines"), rows) for each in (sdk, control.storage.tables)]
        measured: list[list[float]] = [[], [], []]
        for _ in range(rounds):
            for rates, once in zip(measured, (decide, *bare), strict=True):
                rates.append(await _rate(once, each))
        share = await _own_share(decide, each)
    ours, sdks, clients = measured
    what = "decided events a second with one Publish, 16 at once"
    return [
        Figure(f"{what}, against bare table transactions", median(ours), 0.5, "least", median(sdks)),
        Figure(f"{what}, against those of our own client", median(ours), 0.25, "least", median(clients)),
        Figure("our own code's share of CPU in that run", share, 0.10),
    ]


async def _rows(control: Control, made: Service) -> list[dict[str, Any]]:
    """What the transaction that records a decision creates: its row, and its chain's head."""
    envelope = control.envelope()
    await control.reactor.handle(made, envelope)
    query, chain = "PartitionKey eq @chain", {"chain": chain_key(made.name, envelope.data.entity)}
    listed = control.storage.tables.get_table_client("ledger").query_entities(query, parameters=chain)
    return [dict(row) async for row in listed if row["RowKey"][:2] in ("d:", "he")]


async def _create(table: TableClient, partition: str, rows: Sequence[dict[str, Any]]) -> None:
    await table.submit_transaction([("create", {**row, "PartitionKey": partition}) for row in rows])


def _bare(table: TableClient, rows: Sequence[dict[str, Any]]) -> Callable[[], Awaitable[None]]:
    async def once() -> None:
        partition = uuid4().hex
        # Azurite hangs up on who was silent for five seconds, perhaps just as this is sent.
        with suppress(ServiceRequestError):
            return await _create(table, partition, rows)
        await _create(table, partition, rows)

    return once


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
