"""What came in one batch is kept in one file for each endpoint, under a name by which its reader finds it."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from services.monitoring import keeping
from services.monitoring.keeping import Keeping
from shared.adapters.memory import MemoryCaptures
from shared.events import EndpointRef, LabelsRecorded
from shared.ports import CaptureName
from tests.support.builders import endpoint_ref

ENDPOINT = endpoint_ref()
ELSEWHERE = EndpointRef(workspace=ENDPOINT.workspace, name="elsewhere")
MAY_2 = datetime(2013, 5, 2, 12, tzinfo=UTC)


def labels(*moments: datetime, where: EndpointRef = ENDPOINT) -> LabelsRecorded:
    keys = tuple(f"key-{number}" for number in range(len(moments)))
    return LabelsRecorded(endpoint=where, keys=keys, labels=(1.0,) * len(moments), observed_at=moments)


async def keep(store: MemoryCaptures, *blocks: LabelsRecorded) -> dict[EndpointRef, list[CaptureName]]:
    """The names of the files, by endpoint."""
    batch = Keeping(store.keep_labels, partition=3)
    for sequence, block in enumerate(blocks, start=40):
        await batch.add(sequence, block)
    await batch.done()
    found: dict[EndpointRef, list[CaptureName]] = {}
    for where, name in store.labels:
        found.setdefault(where, []).append(CaptureName.parse(name))
    return found


async def test_a_batch_is_one_file_for_each_endpoint() -> None:
    store = MemoryCaptures()
    blocks = [labels(MAY_2), labels(MAY_2, where=ELSEWHERE), labels(MAY_2 + timedelta(days=3))]
    assert await keep(store, *blocks) == {
        ENDPOINT: [CaptureName(date(2013, 5, 5), date(2013, 5, 2), 3, 40, 42)],
        ELSEWHERE: [CaptureName(date(2013, 5, 2), date(2013, 5, 2), 3, 41, 41)],
    }
    lines = next(body for (where, _), body in store.labels.items() if where == ENDPOINT).splitlines()
    assert [LabelsRecorded.model_validate_json(line) for line in lines] == [blocks[0], blocks[2]]


async def test_the_same_batch_again_changes_nothing() -> None:
    store = MemoryCaptures()
    once = await keep(store, labels(MAY_2), labels(MAY_2))
    assert await keep(store, labels(MAY_2), labels(MAY_2)) == once


async def test_days_are_those_of_utc() -> None:
    evening = datetime(2013, 5, 2, 20, tzinfo=timezone(-timedelta(hours=5)))
    assert (await keep(MemoryCaptures(), labels(evening)))[ENDPOINT][0].newest == date(2013, 5, 3)


async def test_rows_of_none_are_not_kept() -> None:
    assert await keep(MemoryCaptures(), labels()) == {}


async def test_a_large_batch_is_kept_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "_MOST_BYTES", 1_000)
    found = await keep(MemoryCaptures(), labels(*[MAY_2] * 40), labels(MAY_2))
    assert [(name.first, name.last) for name in found[ENDPOINT]] == [(40, 40), (41, 41)]
