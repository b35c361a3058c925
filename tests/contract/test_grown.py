"""Every index of grown chains forgets what was sealed, and nothing that grew meanwhile."""

import pytest

from shared.adapters.azure.storage.grown import TableGrown
from shared.adapters.memory.grown import MemoryGrown
from shared.events import Entity
from shared.ports.records.grown import Grown
from tests.contract.conftest import Account
from tests.contract.examples import ENTITY, WORKSPACE

pytestmark = pytest.mark.azure_untested
CHAINS = [("staging", Entity.of(WORKSPACE, "model", f"flights:{number}")) for number in range(130)]


@pytest.fixture
async def grown(place: Account | None) -> Grown:
    return MemoryGrown() if place is None else TableGrown(place.storage.tables, await place.table("grown"))


async def names(grown: Grown) -> list[tuple[str, Entity]]:
    return sorted(((each.service, each.entity) for each in await grown.read()), key=str)


async def test_a_chain_is_noted_once_however_often_it_grows(grown: Grown) -> None:
    assert await grown.read() == []
    for _ in range(3):
        await grown.note({("drift", ENTITY), ("staging", ENTITY)})
    assert await names(grown) == [("drift", ENTITY), ("staging", ENTITY)]


async def test_more_than_one_change_holds_are_noted_and_forgotten(grown: Grown) -> None:
    await grown.note(CHAINS)
    noted = await grown.read()
    assert len(noted) == len(CHAINS)
    await grown.forget(noted)
    assert await grown.read() == []


async def test_what_was_noted_again_meanwhile_is_not_forgotten(grown: Grown) -> None:
    await grown.note(CHAINS)
    noted = await grown.read()
    await grown.note([CHAINS[7]])
    await grown.forget(noted)
    await grown.forget(noted)
    assert await names(grown) == [CHAINS[7]]
