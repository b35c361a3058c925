"""Every store of brakes keeps the latest word on each scope."""

import asyncio

import pytest

from shared.adapters.azure.storage.brakes import TableBrakes
from shared.adapters.memory import MemoryBrakes
from shared.ports import Brake, Brakes
from tests.contract.conftest import Account
from tests.contract.examples import ENTITY, minutes

pytestmark = pytest.mark.azure_untested


@pytest.fixture
async def brakes(place: Account | None) -> Brakes:
    if place is None:
        return MemoryBrakes()
    return TableBrakes(place.storage.tables, await place.table("brakes"))


def brake(scope: str = "all", engaged: bool = True, minute: float = 0) -> Brake:
    return Brake(scope, engaged, "petra@example.com", f"größer, at {minute}", minutes(minute))


async def test_nothing_is_braked_at_first(brakes: Brakes) -> None:
    assert list(await brakes.engaged()) == []


async def test_a_brake_holds_until_it_is_released(brakes: Brakes) -> None:
    await brakes.set(brake())
    assert list(await brakes.engaged()) == [brake()]
    await brakes.set(brake(engaged=False, minute=1))
    assert list(await brakes.engaged()) == []


async def test_scopes_are_braked_one_by_one(brakes: Brakes) -> None:
    for scope in ("all", str(ENTITY)):
        await brakes.set(brake(scope))
    await brakes.set(brake("all", engaged=False, minute=1))
    assert [held.scope for held in await brakes.engaged()] == [str(ENTITY)]


async def test_an_older_word_changes_nothing_and_the_latest_reason_stands(brakes: Brakes) -> None:
    await brakes.set(brake(minute=2))
    await brakes.set(brake(engaged=False, minute=1))
    assert list(await brakes.engaged()) == [brake(minute=2)]
    await brakes.set(brake(minute=3))
    assert list(await brakes.engaged()) == [brake(minute=3)]


async def test_of_racing_words_the_latest_stands(brakes: Brakes) -> None:
    await asyncio.gather(*(brakes.set(brake(engaged=bool(n % 2), minute=n)) for n in (3, 5, 1, 4, 2)))
    assert list(await brakes.engaged()) == [brake(minute=5)]
