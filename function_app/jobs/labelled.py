"""Reads captured rows and labels until there are enough of them, from the newest day on."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from itertools import takewhile

from function_app.jobs.rows import IsTruth, Join, LabelledRows, Wanted, is_binary
from function_app.jobs.storage import JobStorage
from shared.events import EndpointRef, LabelsRecorded

# Captured rows that are looked through at most, and labels, however much was kept: time and memory stay bounded.
MOST_READ = 1_000_000


async def labelled_rows(
    storage: JobStorage,
    endpoint: EndpointRef,
    wanted: Wanted,
    most_read: int = MOST_READ,
    is_truth: IsTruth = is_binary,
) -> LabelledRows:
    """Stops after the day on which there are `wanted.newest`, or once `most_read` rows were looked through."""
    join = Join(wanted, await _labels(storage, endpoint, wanted.since, most_read), is_truth)
    for day in _since(wanted.since, await storage.captures.days(endpoint)):
        async for block in storage.captures.of_day(endpoint, day, wanted.until):
            join.add(block)
            if join.looked_at >= most_read:
                return join.rows()
        if join.is_enough:
            break
    return join.rows()


async def _labels(storage: JobStorage, endpoint: EndpointRef, since: datetime, most_read: int) -> list[LabelsRecorded]:
    """Those learnt since then: no truth is known before its row."""
    found: list[LabelsRecorded] = []
    count = 0
    for day in _since(since, await storage.labels.days(endpoint)):
        async for block in storage.labels.of_day(endpoint, day):
            found.append(block)
            count += len(block.keys)
            if count >= most_read:
                return found
    return found


async def days_before(storage: JobStorage, endpoint: EndpointRef, moment: datetime) -> int:
    """Of which rows were captured."""
    return sum(day < moment.astimezone(UTC).date() for day in await storage.captures.days(endpoint))


def _since(moment: datetime, newest_first: Iterable[date]) -> Iterator[date]:
    return takewhile(lambda day: day >= moment.astimezone(UTC).date(), newest_first)
