"""Every index of grown chains keeps their ends until they are sealed, and forgets those alone."""

from dataclasses import replace

import pytest

from shared.adapters.azure.storage.grown import TableGrown
from shared.adapters.memory.grown import MemoryGrown
from shared.events import Entity
from shared.ports.records.grown import End, Grown
from tests.contract.conftest import Account
from tests.contract.examples import ENTITY, WORKSPACE

pytestmark = pytest.mark.azure_untested
ENDS = [End("staging", Entity.of(WORKSPACE, "model", f"m:{n}"), n + 1, n % 2 == 0, f"{n:064x}") for n in range(130)]
FIRST = End("drift", ENTITY, 7, False, "a" * 64)


@pytest.fixture
async def grown(place: Account | None) -> Grown:
    return MemoryGrown() if place is None else TableGrown(place.storage.tables, await place.table("grown"))


async def test_an_end_is_kept_once_however_often_it_is_noted(grown: Grown) -> None:
    assert await grown.read() == []
    for _ in range(3):
        await grown.note([FIRST])
    assert await grown.read() == [FIRST]


async def test_no_end_of_a_chain_hides_another(grown: Grown) -> None:
    ends = {FIRST, replace(FIRST, settled=True, hash="b" * 64), replace(FIRST, length=8), replace(FIRST, service="x")}
    for end in ends:
        await grown.note([end])
    assert set(await grown.read()) == ends


async def test_more_than_one_change_holds_are_noted_and_forgotten(grown: Grown) -> None:
    await grown.note(ENDS)
    noted = await grown.read()
    assert set(noted) == set(ENDS)
    await grown.note([FIRST])
    await grown.forget(noted[5:6])
    await grown.forget(noted)
    await grown.forget(noted)
    assert await grown.read() == [FIRST]
