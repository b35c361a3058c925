"""However much was captured, a job reads the newest days of what it may use, and no more than a stated number of rows.

What must not be read is no JSON here: reading it would fail.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from uuid import uuid4

import pytest

from function_app.jobs.labelled import days_before, labelled_rows
from function_app.jobs.rows import Wanted
from function_app.jobs.storage import JobStorage
from shared.events import EndpointRef, LabelsRecorded, PredictionsCaptured
from shared.ports import CaptureName
from tests.unit.jobs import material
from tests.unit.jobs.conftest import Bench

PACKAGE = material.package_ref(material.small_package())


def noon(day: int) -> datetime:
    return datetime(2013, 5, day, 12, tzinfo=UTC)


@pytest.fixture
def where() -> EndpointRef:
    return material.endpoint(f"rows-{uuid4().hex[:8]}")


async def keep(bench: Bench, where: EndpointRef, days: Mapping[str, int]) -> None:
    """A file of rows with these keys, each of its day in May, and labels that were learnt a day later."""
    cells = (1.0,) * len(days)
    rows = PredictionsCaptured(
        endpoint=where, package=PACKAGE, keys=tuple(days), observed_at=tuple(map(noon, days.values())),
        inputs={"x": cells}, outputs={"probability": cells},
    )  # fmt: skip
    later = tuple(noon(day + 1) for day in days.values())
    await bench.keep("captures", rows)
    await bench.keep("labels", LabelsRecorded(endpoint=where, keys=tuple(days), labels=cells, observed_at=later))


async def keep_unreadable(bench: Bench, where: EndpointRef, day: int, *, oldest: int, container: str) -> None:
    name = CaptureName(date(2013, 5, day), date(2013, 5, oldest), 0, 7, 7)
    await bench.put(container, f"{where.entity.table_key}/{name}.jsonl", b"no JSON")


async def found(bench: Bench, where: EndpointRef, wanted: Wanted, most_read: int = 100) -> list[int]:
    """The days of the labelled rows."""
    rows = await labelled_rows(JobStorage(bench.blobs), where, wanted, most_read)
    return [moment.day for moment in rows.observed_at]


async def test_days_before_the_span_are_not_read(bench: Bench, where: EndpointRef) -> None:
    await keep(bench, where, {"a": 5})
    await keep(bench, where, {"b": 6})
    for container in ("captures", "labels"):
        await keep_unreadable(bench, where, 4, oldest=4, container=container)
    assert await found(bench, where, Wanted(["x"], noon(5))) == [5, 6]
    assert await days_before(JobStorage(bench.blobs), where, noon(5)) == 1


async def test_rows_that_are_all_later_than_the_span_are_not_read(bench: Bench, where: EndpointRef) -> None:
    await keep(bench, where, {"a": 5})
    await keep_unreadable(bench, where, 9, oldest=8, container="captures")
    assert await found(bench, where, Wanted(["x"], noon(5), until=noon(6))) == [5]


async def test_a_row_is_found_among_rows_of_later_days(bench: Bench, where: EndpointRef) -> None:
    await keep(bench, where, {"a": 5, "b": 9})
    assert await found(bench, where, Wanted(["x"], noon(5), until=noon(6))) == [5]


async def test_older_days_are_not_read_once_there_are_rows_enough(bench: Bench, where: EndpointRef) -> None:
    for key, day in {"a": 7, "b": 8, "c": 9}.items():
        await keep(bench, where, {key: day})
    await keep_unreadable(bench, where, 6, oldest=6, container="captures")
    assert await found(bench, where, Wanted(["x"], noon(1), newest=2)) == [8, 9]


@pytest.mark.parametrize("container", ["captures", "labels"])
async def test_reading_ends_after_a_stated_number_of_rows(bench: Bench, where: EndpointRef, container: str) -> None:
    for key, day in {"a": 7, "b": 8, "c": 9}.items():
        await keep(bench, where, {key: day})
    await keep_unreadable(bench, where, 6, oldest=6, container=container)
    assert await found(bench, where, Wanted(["x"], noon(1)), most_read=3) == [7, 8, 9]
