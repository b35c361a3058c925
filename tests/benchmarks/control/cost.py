"""What control costs a month: a formula over counts, billing rules and dated list prices (`infra/azure/prices.json`).

Billing rules: an instance is paid while at least one function runs on it, at least a second each time; a storage call
that fails is paid as one that does not; a table transaction is one call; idle instances are not paid.
"""

import json
import re
from dataclasses import dataclass
from math import exp
from pathlib import Path
from typing import Any

from shared.reactor.runtime import HEARTBEAT
from tests.benchmarks.control.counts import Counts, lanes, readers
from tests.benchmarks.control.workload import timers

REPOSITORY = Path(__file__).resolve().parents[3]
PAGE = REPOSITORY / "docs/cost.md"
EVENTS_A_DAY = (0, 1_000, 100_000, 1_000_000)
BARS = {0: 48.0, 100_000: 250.0, 1_000_000: 900.0}


# What `tests/integration/control/test_calls.py` counts.
DECISION, AROUND, LOOK, IDLE = {0: 1, 1: 3, 3: 5}, 2, 7, 5
_TABLE = re.compile(r"\| events a day .*?\n(?!\|)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Deployment:
    """What the templates state, and what is assumed where only Azure can tell.

    `batch` is events an execution at a thousand, a hundred thousand and a million events a day, `run_s` how long one
    runs, `log_kb` what an execution logs after sampling; `partitions` of hub `events`. A lane holds one instance.
    """

    namespaces: int = 2
    memory_gb: float = 0.5
    partitions: int = 2
    run_s: float = 0.2
    log_kb: float = 0.3
    batch: tuple[float, ...] = (1, 1, 2, 10)


@dataclass(frozen=True, slots=True)
class Month:
    """Counts and dollars of thirty days."""

    events_a_day: int
    executions: float
    gb_seconds: float
    table_calls: float
    blob_writes: float
    blob_reads: float
    log_gb: float
    usd: dict[str, float]

    @property
    def total(self) -> float:
        return sum(self.usd.values())


def reckoned() -> Counts:
    """The counts of control as it is now, without counting again; each lane adds the host's checkpoint."""
    of_events = len(lanes())
    return Counts(DECISION, DECISION[1] + AROUND + of_events, of_events, readers(), LOOK, IDLE, timers())


def prices() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((REPOSITORY / "infra/azure/prices.json").read_text(encoding="utf-8"))
    return found


def month(events_a_day: int, counts: Counts, deployment: Deployment | None = None) -> Month:
    """Each event reaches every lane, and one service of all decides it with one Publish.

    Beside control's own calls are the host's: a checkpoint for each batch, each 30 s a list and a renewal of ownership
    while a lane is awake, and leases; and the scale controller's, which asks for each partition every 10 s, always.
    """
    given, price = deployment or Deployment(), prices()
    days, least = price["month"]["days"], price["functions"]["least_seconds"]["count"]
    minutes = days * 1440
    batch = given.batch[EVENTS_A_DAY.index(events_a_day)]
    batches = days * events_a_day / batch
    of_events, ticks = counts.lanes, counts.timers * minutes
    executions = batches * of_events + ticks
    busy = of_events * _busy_seconds(events_a_day / batch, given.run_s, days) + ticks * least
    around = counts.fact - counts.decision[1] - of_events
    table_calls = days * events_a_day * counts.decision[1] + batches * around + minutes * counts.idle
    # As if each minute's timer found a process that has just begun, which only Azure knows.
    table_calls += minutes * counts.look
    table_calls += minutes / (HEARTBEAT.total_seconds() / 60)
    alive = 1 - exp(-events_a_day / batch / 1440)
    looks = minutes * 2 * alive * of_events
    polls = counts.readers * given.partitions * minutes * 6
    renewals = of_events * given.partitions * minutes * 2 * alive
    leases = minutes * 5 * (counts.timers + of_events * alive)
    reads = batches * of_events + polls + renewals + leases
    log_gb = executions * given.log_kb / 1e6
    executed = _over(executions, price, "free_executions") / 1e6
    usd = {
        "namespaces": given.namespaces * _usd(price, "event_hubs", "throughput_unit_hour") * price["month"]["hours"],
        "events": 3 * days * events_a_day * _usd(price, "event_hubs", "million_events_in") / 1e6,
        "compute": _over(busy * given.memory_gb, price, "free_gb_seconds") * _usd(price, "functions", "gb_second"),
        "executions": executed * _usd(price, "functions", "million_executions"),
        "tables": table_calls * _usd(price, "storage", "ten_thousand_table_calls") / 1e4,
        "blob lists and writes": looks * _usd(price, "storage", "ten_thousand_blob_writes") / 1e4,
        "blob reads, checkpoints and leases": reads * _usd(price, "storage", "ten_thousand_blob_reads") / 1e4,
        "logs": max(0.0, log_gb - price["logs"]["free_gb"]["count"]) * _usd(price, "logs", "gb"),
    }
    return Month(events_a_day, executions, busy * given.memory_gb, table_calls, looks, reads, log_gb, usd)


def _usd(price: dict[str, Any], of: str, what: str) -> float:
    return float(price[of][what]["usd"])


def _over(count: float, price: dict[str, Any], free: str) -> float:
    return max(0.0, count - float(price["functions"][free]["count"]))


def _busy_seconds(batches_a_day: float, run_s: float, days: int) -> float:
    """Of one lane's instance in so many days, when batches come at random.

    A batch pays a second, within which others are free; one that outlives what is paid begins anew. With x batches a
    second the share is that of a server which each arrival keeps for `max(1, run_s)` s: 1 - e^-x, and never less than
    what the runs themselves take.
    """
    rate = batches_a_day / 86_400
    return days * 86_400 * min(1.0, max(1 - exp(-rate * max(1.0, run_s)), rate * run_s))


def table(counts: Counts) -> str:
    """The months side by side, as `docs/cost.md` shows them."""
    months = [month(events, counts) for events in EVENTS_A_DAY]
    rows = [("events a day", [f"{each.events_a_day:,}" for each in months])]
    names = ("executions", "gb_seconds", "table_calls", "blob_writes", "blob_reads")
    words = ("executions", "GB-seconds", "table calls", "blob lists and writes", "blob reads, checkpoints, leases")
    for name, word in zip(names, words, strict=True):
        rows.append((word, [f"{getattr(each, name):,.0f}" for each in months]))
    rows += [("GB of logs", [f"{each.log_gb:.1f}" for each in months])]
    rows += [(f"$ {name}", [f"{each.usd[name]:.2f}" for each in months]) for name in months[0].usd]
    rows += [("**$ a month**", [f"**{each.total:.0f}**" for each in months])]
    lines = [f"| {name} | {' | '.join(cells)} |" for name, cells in rows]
    return "\n".join([lines[0], "| --- |" + " ---: |" * len(months), *lines[1:]])


def current(page: str) -> str:
    """The page with the table of today."""
    return _TABLE.sub(table(reckoned()) + "\n", page, count=1)


if __name__ == "__main__":
    PAGE.write_text(current(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
